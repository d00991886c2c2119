import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { award } from '../../src/commissions/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import type { PayoutRunId } from '../../src/kernel/ids.ts';
import { balancesOf, ensureAccounts, post } from '../../src/ledger/index.ts';
import { verifyPayouts } from '../../src/payouts/index.ts';
import { agreeByHand } from '../../src/payouts/runs/by-hand.ts';
import { payPart, payRun, resumePostings } from '../../src/payouts/runs/posting.ts';
import { nextItems } from '../../src/payouts/runs/posting-queries.ts';
import { listHash } from '../../src/payouts/runs/queries.ts';
import { cancelRun, draftRun } from '../../src/payouts/runs/service.ts';
import { runOfId } from '../../src/payouts/runs/store.ts';
import { query } from '../../src/platform/query.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { cancelTask } from '../../src/platform/tasks/service.ts';
import { TaskId } from '../../src/kernel/ids.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openBrokerage } from '../support/brokerage.ts';
import { planOf, sequentialReads } from '../support/plans.ts';
import { openTestTenancy, openTestTenant, testLog } from '../support/tenancy.ts';
import { allStatements, issueUpTo, setDefault, sumsOf } from './statement-desk.ts';

const USD = Currency.parse('USD');
const END = '2026-03-11T00:00:00Z';

const tasks = query(
  'test.tasks',
  z.object({ id: TaskId, state: z.string() }),
  `select id, state from platform.tasks order by created_at`,
);
const failTask = query(
  'test.fail_task',
  z.object({}),
  `update platform.tasks set state = 'failed', finished_at = clock_timestamp() where id = :taskId`,
);
const states = query(
  'test.item_states',
  z.object({ state: z.string(), code: z.string().nullable(), items: z.int() }),
  `select state, code, count(*)::integer as items from payouts.run_items group by state, code order by state, code`,
);
/** Statements of as many IBs as are asked for, each of a dollar, and the money behind them. */
const insertMany = query(
  'test.insert_many',
  z.object({}),
  `
  with cycle as (
    insert into payouts.cycles (signature, ends_at, cut_batch, cut_at, read_from, open_from, read_to, done_at)
    values ('test', '2026-03-11Z', 1, now(), 1, 2, 1, now()) returning key
  )
  insert into payouts.statements (id, kind, party, number, currency, cycle_key, ends_at, cut_batch, issued_at, opening_units, earning_units,
    adjustment_units, payable_units, carried_units, carries, netted_units, lines, document, hash, kid, signature)
  select gen_random_uuid(), 1, 1000 + n, 1, 'USD', cycle.key, '2026-03-11Z', 1, now(), 0, 1000000, 0, 1000000, 0, false, 0, 1, '{}', 'h' || n, 'k', 's'
    from cycle, generate_series(1, :count::integer) n`,
);

describe('Posting a payout run', () => {
  let tenancy: Tenancy;
  beforeAll(async () => {
    tenancy = await openTestTenancy();
  });
  afterAll(() => tenancy.close());

  /** A fresh tenant with Maria above Kim, at rates per lot. */
  async function openStory(chain = 'Maria 8.00 > Kim 4.00') {
    const at = await openTestTenant(tenancy);
    const brokerage = await openBrokerage(at, { chain, clients: 1 });
    await setDefault(at.inTenant);
    const { inTenant } = at;
    const kim = brokerage.ibs.get('Kim')?.key ?? 0;
    const on = (purpose: 'ib_payable' | 'ib_wallet' | 'ib_receivable', owner = kim) =>
      inTenant(async (tx) => {
        const keys = await ensureAccounts(tx, [{ purpose, owner, currency: USD }]);
        return (await balancesOf(tx, keys))[0]?.balance ?? 0n;
      });
    const trade = async (count: number, lots: string, end = END): Promise<void> => {
      const closedAt = new Date(Date.parse(end) - 3_600_000);
      await brokerage.feed(Array.from({ length: count }, () => brokerage.deal({ lots, closedAt })).flat());
      await brokerage.book();
      await issueUpTo(inTenant, end);
    };
    /** A run of all that is to be paid, agreed to; its task waits. */
    const agreed = () =>
      inTenant(async (tx) => {
        const id = await draftRun(tx, {}, { draftedBy: 'one' });
        await agreeByHand(tx, { runId: id, agreedBy: 'another' });
        return id;
      });
    const verified = async () => (await inTenant(verifyPayouts)).findings;
    const stateOf = async (id: PayoutRunId) => (await inTenant((tx) => runOfId(tx, id))).state;
    return { ...at, brokerage, kim, on, trade, agreed, verified, stateOf };
  }

  it('pays 0.01 USD for ten accruals of 0.001, takes whole minor units, and leaves the rest payable', async () => {
    const { inTenant, trade, on, agreed, kim } = await openStory('Maria 8.00 > Kim 0.10');
    await trade(10, '0.01');
    expect(await on('ib_payable')).toBe(10_000n);
    await inTenant(async (tx) => payPart(tx, await agreed()));
    expect([await on('ib_payable'), await on('ib_wallet')]).toEqual([0n, 10_000n]);
    await trade(1, '1.23456', '2026-03-12T00:00:00Z');
    await inTenant(async (tx) => payPart(tx, await agreed()));
    expect([await on('ib_payable'), await on('ib_wallet')]).toEqual([3_456n, 130_000n]);
    const [, second] = (await allStatements(inTenant)).filter(({ party }) => party.key === kim);
    expect(second && sumsOf(second)).toMatchObject({ payable: '0.12', carried: '0.003456' });
  });

  it('pays each statement once, whoever is killed at whatever instant and however many post at a time', async () => {
    const { inTenant, tenant, trade, on, agreed, stateOf, verified } = await openStory();
    await trade(1, '1');
    const id = await agreed();
    const killed = inTenant(async (tx) => {
      await payPart(tx, id);
      throw new Error('killed before the commit');
    });
    await expect(killed).rejects.toThrow('killed');
    expect([await on('ib_wallet'), await stateOf(id)]).toEqual([0n, 'posting']);
    const [task] = await inTenant((tx) => tasks(tx, {}));
    const deps = { withTenant: tenancy.withTenant, kinds: [payRun], leaseMs: 30_000, log: testLog };
    await Promise.all([
      ...[1, 2, 3].map(() => inTenant((tx) => payPart(tx, id))),
      runTask(deps, tenant.id, task?.id ?? TaskId.parse('')),
    ]);
    expect([await on('ib_wallet'), await on('ib_payable'), await stateOf(id)]).toEqual([4_000_000n, 0n, 'paid']);
    await inTenant((tx) => payPart(tx, id)); // After the end it does nothing.
    expect(await on('ib_wallet')).toBe(4_000_000n);
    expect(await verified()).toEqual([]);
  });

  it('goes on by itself where its task has failed, which nobody may cancel, and ends partly where the run was stopped', async () => {
    const { inTenant, trade, agreed, stateOf, on } = await openStory();
    await trade(1, '1');
    const own = inTenant(async (tx) => {
      const runId = await draftRun(tx, {}, { draftedBy: 'one' });
      await agreeByHand(tx, { runId, agreedBy: 'one' });
    });
    await expect(own).rejects.toMatchObject({ code: 'payouts.run_own' });
    const id = await agreed();
    await inTenant(async (tx) => {
      for (const { id: taskId } of await tasks(tx, {})) {
        await expect(cancelTask(tx, taskId, [payRun])).rejects.toMatchObject({ code: 'platform.task_agreed' });
        await failTask(tx, { taskId });
      }
    });
    await inTenant(resumePostings);
    await inTenant(resumePostings);
    expect((await inTenant((tx) => tasks(tx, {}))).map(({ state }) => state)).toEqual(['failed', 'queued']);
    await inTenant((tx) => cancelRun(tx, { runId: id, reason: 'A wrong list' }));
    await expect(inTenant((tx) => cancelRun(tx, { runId: id, reason: 'Again' }))).rejects.toMatchObject({
      code: 'payouts.run_state',
    });
    await inTenant((tx) => payPart(tx, id));
    expect([await stateOf(id), await on('ib_wallet')]).toEqual(['partly', 0n]);
    expect(await inTenant((tx) => states(tx, {}))).toEqual([{ state: 'unpaid', code: 'run_stopped', items: 2 }]);
    await inTenant(async (tx) => payPart(tx, await agreed()));
    expect(await on('ib_wallet')).toBe(4_000_000n);
  });

  it('leaves what came to be on hold after it was agreed to', async () => {
    const { inTenant, trade, agreed, on, stateOf } = await openStory();
    await trade(1, '1');
    const id = await agreed();
    await setDefault(inTenant, { onHold: true }, '2026-01-01T00:00:00Z');
    await inTenant((tx) => payPart(tx, id));
    expect([await stateOf(id), await on('ib_wallet')]).toEqual(['partly', 0n]);
    expect(await inTenant((tx) => states(tx, {}))).toEqual([{ state: 'unpaid', code: 'on_hold', items: 2 }]);
  });

  it('pays no more than is free: what was taken back since leaves the statement to the next run', async () => {
    const { inTenant, trade, agreed, stateOf, on, kim, brokerage, verified } = await openStory();
    await trade(1, '1');
    const id = await agreed();
    const takeBack = (units: bigint, kind: 'clawback' | 'cpa') =>
      inTenant((tx) =>
        award(tx, [
          {
            kind,
            planVersionKey: null,
            component: 0,
            clientKey: null,
            ibKey: kim,
            currency: USD,
            earnedAt: new Date('2026-03-10T12:00:00Z'),
            units,
            inputs: {},
            parts: [{ kind: 'ib', beneficiary: kim, depth: 0, units }],
          },
        ]),
      );
    await takeBack(-1_000_000n, 'clawback');
    await inTenant((tx) => payPart(tx, id));
    expect(await stateOf(id)).toBe('partly');
    expect(await inTenant((tx) => states(tx, {}))).toEqual([
      { state: 'paid', code: null, items: 1 },
      { state: 'unpaid', code: 'not_free', items: 1 },
    ]);
    expect([await on('ib_payable'), await on('ib_wallet')]).toEqual([3_000_000n, 0n]);
    expect(brokerage.ibs.size).toBe(2);
    await takeBack(1_000_000n, 'cpa'); // Earned again: the statement can be paid whole.
    await inTenant(async (tx) => payPart(tx, await agreed()));
    expect([await on('ib_payable'), await on('ib_wallet')]).toEqual([0n, 4_000_000n]);
    expect(await verified()).toEqual([]);
  });

  it('drafts and posts statements in sets of 500, by indexes', { timeout: 60_000 }, async () => {
    const { inTenant, agreed, stateOf, on, verified } = await openStory();
    await inTenant((tx) => insertMany(tx, { count: 2_000 }));
    await inTenant(async (tx) => {
      const owners = Array.from({ length: 2_000 }, (_none, place) => 1_001 + place);
      const payables = owners.map((owner) => ({ purpose: 'ib_payable', owner, currency: USD }) as const);
      const [debit, ...credits] = await ensureAccounts(tx, [
        { purpose: 'commission_expense', owner: 0, currency: USD },
        ...payables,
      ]);
      if (debit === undefined) throw new Error('no account of expenses');
      const money = { units: 1_000_000n, currency: USD };
      post(
        tx,
        credits.map((credit, leg) => ({ reference: 'test/1', leg, debit, credit, money })),
      );
    });
    const id = await agreed();
    const { key } = await inTenant((tx) => runOfId(tx, id));
    const reads = await inTenant(async (tx) =>
      sequentialReads(await planOf(tx, () => nextItems(tx, { runKey: key, max: 500 }))),
    );
    expect(reads).toEqual([]);
    expect((await inTenant((tx) => listHash(tx, { runKey: key })))[0]?.items).toBe(2_000);
    let parts = 0;
    for (let more = true; more; parts += 1) ({ more } = await inTenant((tx) => payPart(tx, id)));
    expect([parts, await stateOf(id)]).toEqual([4, 'paid']);
    expect(await on('ib_wallet', 3_000)).toBe(1_000_000n);
    expect(await verified()).toEqual([]);
  });
});
