import { expect } from 'vitest';
import { z } from 'zod';
import { clientKeys, listClients } from '../../src/clients/index.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { carryOutAmendments } from '../../src/commissions/amendments/service.ts';
import { recomputeAllAwards } from '../../src/commissions/awards/verifying.ts';
import { periodRun } from '../../src/commissions/settlements/jobs.ts';
import { balancesOf, ensureAccounts } from '../../src/ledger/index.ts';
import { formatAmount } from '../../src/kernel/money.ts';
import { query } from '../../src/platform/query.ts';
import { requestTask, runTask } from '../../src/platform/tasks/index.ts';
import { type RawDeal, serverTimeFromUtc } from '../../src/trading/index.ts';
import { NEW_YORK_CLOSE } from '../../seeds/market.ts';
import { EUR, ref, USD } from '../ledger/support.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

const awards = query(
  'test.awards',
  z.object({ kind: z.string(), units: z.bigint(), earnedAt: z.date(), login: z.bigint(), parts: z.string() }),
  `
  select a.kind, a.units, a.earned_at as "earnedAt", (select min(login) from clients.accounts c where c.client_key = a.client_key) as login,
         (select string_agg(case w.kind when 1 then i.name when 2 then 'client' else 'house' end || ' ' || w.units, ', ' order by w.depth, w.kind, i.name)
            from commissions.award_rebates w left join ib.ibs i on w.kind = 1 and i.key = w.beneficiary where w.award_key = a.key) as parts
    from commissions.awards a order by a.key`,
);
const ibsNamed = query(
  'test.ibs_named',
  z.object({ key: z.int(), name: z.string() }),
  `select key, name from ib.ibs order by name`,
);
const waiting = query(
  'test.waiting_periods',
  z.object({ unit: z.string(), code: z.string().nullable() }),
  `select unit, code from commissions.period_due order by period_from, unit`,
);
const queue = query(
  'test.queued_periods',
  z.object({ from: z.string() }),
  `select client_key || ' ' || unit || ' ' || to_char(period_from at time zone 'UTC', 'YYYY-MM-DD') as from
     from commissions.period_due order by client_key, period_from, unit`,
);
const results = query(
  'test.period_results',
  z.object({
    from: z.string(),
    sequence: z.int(),
    units: z.bigint(),
    carried: z.bigint(),
    reason: z.string().nullable(),
  }),
  `
  select to_char(period_from at time zone 'UTC', 'YYYY-MM') as from, sequence, earning_units as units, carried_units as carried, reason
    from commissions.period_results order by key`,
);

const shown = (units: bigint): string => formatAmount({ units, currency: USD });
export const LOGINS = { one: 900_001n, euro: 900_002n };
/** An instant of UTC by its text. */
export const UTC = (text: string): Date => new Date(`${text}Z`);

/** The order of rows that have no other: that of their words. */
export const byText = (left: readonly unknown[], right: readonly unknown[]): number =>
  left.join() < right.join() ? -1 : 1;

/** A tenant whose plan pays its components of periods, wholly to Kim unless said otherwise, and lots by the trade if said. */
export async function openPeriodStory(periods: object[], lots?: string, more: object = {}) {
  const acme: TestTenant = await openTestTenant();
  const levels = { kind: 'fixed_by_level', unit: 'percent', levels: ['100'] };
  const definition = PlanDefinition.parse({
    currency: 'USD',
    components:
      lots === undefined
        ? []
        : [{ name: 'lots', model: { kind: 'per_lot' }, levels, rules: [{ name: 'all', budget: lots }] }],
    periods: periods.map((period) => ({ levels, ...period })),
    ...more,
  });
  const account = (login: bigint, currency = USD) => [{ login, group: 'real\\standard', currency }];
  const brokerage: Brokerage = await openBrokerage(acme, {
    chain: 'Maria 0 > Kim 0',
    seed: {
      plans: [{ name: 'By the period', definition, master: undefined }],
      clients: [
        { name: 'One', ib: 1, accounts: account(LOGINS.one) },
        { name: 'In euro', ib: 1, accounts: account(LOGINS.euro, EUR) },
      ],
    },
  });
  let tickets = 5_000_000;
  const at = (when: Date) => ({ TimeMsc: serverTimeFromUtc(NEW_YORK_CLOSE, when.getTime()) });
  /** A money operation in the platform's words. */
  const money = (action: number, amount: string, when: Date, login = LOGINS.one): RawDeal => ({
    Deal: String((tickets += 1)),
    Login: String(login),
    Order: '0',
    PositionID: '0',
    Action: action,
    Entry: 0,
    Profit: amount,
    ...at(when),
  });
  /** A closed position with what is said of its close. */
  const trade = (closedAt: Date, close: object = {}, lotsClosed = '1', login = LOGINS.one): RawDeal[] => {
    const [opening, closing] = brokerage.deal({ closedAt, lots: lotsClosed, login });
    if (opening === undefined || closing === undefined) throw new Error('a position has two deals');
    return [opening, { ...closing, MarketBid: '1.08500', MarketAsk: '1.08500', Profit: '0', ...close }];
  };
  const look = async (words: { upTo: Date; range?: { from: Date; to: Date }; isPreview?: boolean }) => {
    const id = await acme.inTenant((tx) =>
      requestTask(tx, periodRun, {
        upTo: words.upTo.toISOString(),
        isPreview: words.isPreview ?? false,
        ...(words.range && { range: { from: words.range.from.toISOString(), to: words.range.to.toISOString() } }),
      }),
    );
    await runTask(
      { withTenant: acme.tenancy.withTenant, kinds: [periodRun], leaseMs: 60_000, log: testLog },
      acme.tenant.id,
      id,
    );
    const [task] = await acme.inTenant((tx) => taskRow(tx, { id }));
    expect([task?.state, task?.problem]).toEqual(['done', null]);
    return task?.result;
  };
  return {
    ...acme,
    brokerage,
    money,
    trade,
    look,
    feed: async (...deals: RawDeal[]) => {
      await brokerage.feed(deals);
      await brokerage.book();
    },
    awards: async () => {
      const { findings, recomputed } = await acme.inTenant((tx) => recomputeAllAwards(tx));
      expect(findings).toEqual([]); // By both engines, whatever came to be known since.
      const all = await acme.inTenant((tx) => awards(tx, {}));
      expect(recomputed).toBe(all.length);
      return all.map(({ kind, units, earnedAt, parts }) => [kind, shown(units), earnedAt.toISOString(), parts]);
    },
    /** Deals are told anew, and what is booked of them is corrected. */
    update: async (...deals: RawDeal[]) => {
      await brokerage.tell(deals.map((deal) => ({ type: 'deal.update', deal })));
      await acme.inTenant((tx) => carryOutAmendments(tx, brokerage.memory.books, { after: 0n }));
    },
    at,
    payables: () =>
      acme.inTenant(async (tx) => {
        const ibs = await ibsNamed(tx, {});
        const keys = await ensureAccounts(
          tx,
          ibs.map(({ key }) => ref('ib_payable', key)),
        );
        const balances = new Map((await balancesOf(tx, keys)).map(({ key, balance }) => [key, balance]));
        const owed = ibs.map(({ name }, place) => [name, balances.get(keys[place] ?? (0 as never)) ?? 0n] as const);
        return Object.fromEntries(owed.flatMap(([name, units]) => (units === 0n ? [] : [[name, shown(units)]])));
      }),
    /** What is to be looked at: the client's key, the unit, and since when. */
    queue: async () => (await acme.inTenant((tx) => queue(tx, {}))).map(({ from }) => from),
    waiting: () => acme.inTenant((tx) => waiting(tx, {})),
    results: async () =>
      (await acme.inTenant((tx) => results(tx, {}))).map(({ from, sequence, units, carried, reason }) => [
        from,
        sequence,
        shown(units),
        shown(carried),
        reason,
      ]),
    clientKey: async (place: number) => {
      const listed = await acme.inTenant((tx) => listClients(tx, { offset: 0, limit: 10 }));
      const id = listed[place]?.id;
      if (id === undefined) throw new Error('no client');
      return (await acme.inTenant((tx) => clientKeys(tx, [id]))).get(id) ?? 0;
    },
  };
}

const taskRow = query(
  'test.task',
  z.object({ state: z.string(), result: z.unknown(), problem: z.unknown() }),
  `select state, result, problem from platform.tasks where id = :id`,
);
