import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { Currency } from '../../src/kernel/currency.ts';
import { isProblem, Problem } from '../../src/kernel/problem.ts';
import { ensureAccounts, post } from '../../src/ledger/index.ts';
import { type RunningPostgres, startPostgres } from '../../src/platform/postgres/index.ts';
import type { TenantResponse } from '../../src/platform/tenant-client.ts';
import type { RawDeal } from '../../src/trading/index.ts';
import type { Broker } from './support/broker.ts';
import { rounds } from './support/rounds.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';

const USD = Currency.parse('USD');
const RECOVERED_MS_MAX = 30_000;
const LOAD_MS = 4_000;
const PAUSE_MS = 20;
/** What a caller must never read: statements, names of tables, the driver's words, places in the program. */
const INTERNALS =
  /select |insert |update |delete |relation|trading\.|commissions\.|ECONN|127\.0\.0\.1|terminat|\bat .*:\d+:\d+|node_modules/i;

type Load = {
  readonly answers: TenantResponse[];
  readonly problems: unknown[];
  operations: number;
  lastOkMs: number;
  stopped: boolean;
};

describe('PostgreSQL that is killed under load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cascade-fault-postgres-'));
  const dataDir = join(folder, 'postgres');
  let server: RunningPostgres;
  let stage: Stage;
  beforeAll(async () => {
    chmodSync(folder, 0o755);
    server = await startPostgres({ dataDir });
    stage = await openStage({ adminUrl: server.url });
    await Promise.all([stage.start('api'), stage.start('worker'), stage.start('relay')]);
  });
  afterAll(async () => {
    await stage.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const counts = { few: 2, all: 20, roundMsMax: 120_000 };
  rounds(
    'A03',
    'costs callers a 503 with Retry-After, and all goes on by itself within 30 s',
    counts,
    async ({ isLast, random }) => {
      const load: Load = { answers: [], problems: [], operations: 0, lastOkMs: 0, stopped: false };
      const senders = [1, 2, 3, 4].map(() => sendDeals(stage, load));
      const bookers = stage.brokers.map((broker) => moveMoney(broker, load));
      await sleep(LOAD_MS / 4 + random.whole(0, LOAD_MS / 4));
      process.kill(server.pid, 'SIGKILL');
      await sleep(random.whole(0, 1_500));
      server = await startPostgres({ dataDir, port: server.port });
      const backMs = performance.now();
      await sleep(LOAD_MS / 2);
      load.stopped = true;
      await Promise.all([...senders, ...bookers]);
      const servedAgainMs = performance.now() - backMs;
      await settled(stage);
      const recoveryMs = performance.now() - backMs;

      const refused = load.answers.filter(({ status }) => status !== 200);
      expect(refused.length + load.problems.length).toBeGreaterThan(0); // Somebody noticed.
      for (const answer of refused) {
        expect(answer.status, answer.text()).toBe(503);
        expect(answer.headers['retry-after']).toMatch(/^\d+$/);
        expect(answer.text()).not.toMatch(INTERNALS);
      }
      for (const problem of load.problems)
        expect(problem).toSatisfy((each) => each instanceof Problem && each.status === 503, String(problem));
      expect(servedAgainMs).toBeLessThan(RECOVERED_MS_MAX);
      expect(recoveryMs).toBeLessThan(RECOVERED_MS_MAX);
      for (const each of stage.processes) expect(each.hasEnded()).toBe(false);
      for (const broker of stage.brokers) expect(await transfersOf(broker)).toEqual(expectedTransfers.get(broker));
      await checkRules(stage, { thoroughly: isLast });
      return { recoveryMs };
    },
  );
});

/** Sends small batches one after another, each again until it is taken, as a bridge does. */
async function sendDeals({ acme, port }: Stage, load: Load): Promise<void> {
  while (!load.stopped) {
    const deals: RawDeal[] = acme.market.trades(5);
    const batch = randomUUID();
    for (;;) {
      const answer = await acme.sendOnce(port, deals, batch);
      load.answers.push(answer);
      if (answer.status === 200) break;
      await sleep(200);
    }
    await sleep(PAUSE_MS);
  }
}

const expectedTransfers = new Map<Broker, { count: bigint; units: bigint }>();

/** Moves money by the ledger's own door, each transfer again until it is known to be there. */
async function moveMoney(broker: Broker, load: Load): Promise<void> {
  const known = expectedTransfers.get(broker) ?? { count: 0n, units: 0n };
  expectedTransfers.set(broker, known);
  while (!load.stopped) {
    const reference = `fault/${randomUUID()}`;
    for (;;) {
      try {
        await broker.inTenant(async (tx) => {
          const [debit, credit] = await ensureAccounts(tx, [
            { purpose: 'psp_clearing', owner: 1, currency: USD },
            { purpose: 'client_wallet', owner: 1, currency: USD },
          ]);
          if (debit === undefined || credit === undefined) throw new Error('accounts were asked for');
          post(tx, [{ reference, leg: 0, debit, credit, money: { units: 12_340_000n, currency: USD } }]);
        });
        break;
      } catch (error) {
        if (isProblem(error, 'ledger.already_posted')) break; // It was there: only the answer was lost.
        load.problems.push(error);
        await sleep(200);
      }
    }
    known.count += 1n;
    known.units += 12_340_000n;
    load.operations += 1;
    await sleep(PAUSE_MS);
  }
}

async function transfersOf({ rows }: Broker): Promise<{ count: bigint; units: bigint } | undefined> {
  const [sum] = await rows<{ count: bigint; units: bigint }>(
    `select count(*) as count, coalesce(sum(units), 0)::bigint as units from ledger.transfers where reference like 'fault/%'`,
  );
  return sum;
}
