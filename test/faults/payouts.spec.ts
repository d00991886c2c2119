import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import { award } from '../../src/commissions/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import type { PayoutRunId } from '../../src/kernel/ids.ts';
import { verifyLedger } from '../../src/ledger/index.ts';
import { agreeByHand, draftRun, runWithTotals, verifyPayouts } from '../../src/payouts/index.ts';
import { query } from '../../src/platform/query.ts';
import { issueUpTo, setDefault } from '../payouts/statement-desk.ts';
import { rounds } from './support/rounds.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until, within } from './support/wait.ts';

/** So many that a run has two parts. */
const IBS = 600;
const EACH = 1_230_000n;
const DAY_MS = 86_400_000;
const EARNED_AT = new Date('2026-03-16T10:00:00Z');
/** The workers make the statements of days that have ended: those of the test end ahead of them. */
const FIRST_END_MS = Math.floor(Date.now() / DAY_MS + 1) * DAY_MS;
/** A task that nobody spoke of is found within a minute. */
const DEATH_MS_MAX = 90_000;
const PAID_MS_MAX = 90_000;

/** Where a worker may die, besides anywhere: each of these instants must be as good as any other. */
const POINTS = ['payouts.before_part', 'payouts.before_commit', 'tasks.after_page', 'tasks.before_finish'];

const ibKeys = query('test.ib_keys', z.object({ key: z.int() }), `select key from ib.ibs order by key`);
const wallets = query(
  'test.wallets',
  z.object({ wallets: z.int(), least: z.bigint(), most: z.bigint() }),
  `select count(*)::integer as wallets, min(posted_credits - posted_debits) as least, max(posted_credits - posted_debits) as most
     from ledger.accounts where purpose = 'ib_wallet'`,
);
/** The lease of a worker that died is over. */
const endLeases = query(
  'test.end_task_leases',
  z.object({}),
  `update platform.tasks set lease_until = clock_timestamp() where state = 'running'`,
);

describe('A worker that posts a payout run', () => {
  let stage: Stage;
  let keys: number[];
  beforeAll(async () => {
    stage = await openStage({ ibs: IBS, clients: 3 });
    await setDefault(stage.acme.inTenant);
    keys = (await stage.acme.inTenant((tx) => ibKeys(tx, {}))).map(({ key }) => key);
  });
  afterAll(() => stage.close());

  /** Each IB earns the same, is told so, and a run of all of it is agreed to. */
  async function prepare(number: number): Promise<PayoutRunId> {
    const { inTenant } = stage.acme;
    await inTenant((tx) =>
      award(tx, [
        {
          kind: 'cpa',
          planVersionKey: null,
          component: 0,
          clientKey: null,
          ibKey: null,
          currency: Currency.parse('USD'),
          earnedAt: EARNED_AT,
          units: EACH * BigInt(keys.length),
          inputs: {},
          parts: keys.map((beneficiary) => ({ kind: 'ib', beneficiary, depth: 0, units: EACH })),
        },
      ]),
    );
    await issueUpTo(inTenant, new Date(FIRST_END_MS + number * DAY_MS).toISOString());
    return inTenant(async (tx) => {
      const runId = await draftRun(tx, {}, { draftedBy: 'one' });
      await agreeByHand(tx, { runId, agreedBy: 'another' });
      return runId;
    });
  }
  const stateOf = async (runId: PayoutRunId) => (await stage.acme.inTenant((tx) => runWithTotals(tx, runId))).run.state;

  const counts = { few: 2, all: 30, roundMsMax: 240_000 };
  rounds('A01', 'and is killed at any instant pays each statement once', counts, async ({ number, isLast, random }) => {
    const runId = await prepare(number);
    const point = number % 2 === 0 ? POINTS[(number / 2) % POINTS.length] : undefined; // Every other time at any instant.
    const worker = stage.launch('worker', point === undefined ? {} : { plan: [`${point} kill`] });
    if (point === undefined) {
      await worker.started;
      await sleep(random.whole(0, 400));
      await worker.kill();
    }
    await within(DEATH_MS_MAX, worker.ended);
    await stage.acme.inTenant((tx) => endLeases(tx, {}));
    const fromMs = performance.now();
    const next = await stage.start('worker');
    await until('the run is paid', PAID_MS_MAX, async () => (await stateOf(runId)) === 'paid');
    const recoveryMs = performance.now() - fromMs;
    await next.stop();
    const paid = EACH * BigInt(number + 1);
    const found = await stage.acme.inTenant((tx) => wallets(tx, {}));
    expect(found).toEqual([{ wallets: keys.length, least: paid, most: paid }]);
    if (isLast) {
      const findings = await stage.acme.inTenant(async (tx) => [
        ...(await verifyLedger(tx)),
        ...(await verifyPayouts(tx)).findings,
      ]);
      expect(findings).toEqual([]);
    }
    return { recoveryMs };
  });
});
