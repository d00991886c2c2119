import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clientKeys, listClients, openAccounts } from '../../src/clients/index.ts';
import { recordCosts } from '../../src/commissions/costs/service.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { recomputeAllAwards } from '../../src/commissions/awards/verifying.ts';
import { periodRun } from '../../src/commissions/settlements/jobs.ts';
import { relinkClient } from '../../src/ib/index.ts';
import { verifyTenant } from '../../src/ops/index.ts';
import { balancesOf, ensureAccounts } from '../../src/ledger/index.ts';
import { formatAmount } from '../../src/kernel/money.ts';
import { query } from '../../src/platform/query.ts';
import { requestTask, runTask } from '../../src/platform/tasks/index.ts';
import { importRates, type RawDeal, serverTimeFromUtc } from '../../src/trading/index.ts';
import { NEW_YORK_CLOSE } from '../../seeds/market.ts';
import { EUR, ref, USD, usd } from '../ledger/support.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, testLog, testOrigin, type TestTenant } from '../support/tenancy.ts';

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
const LOGINS = { one: 900_001n, euro: 900_002n };
const UTC = (text: string): Date => new Date(`${text}Z`);

/** A tenant whose plan pays its components of periods, wholly to Kim unless said otherwise, and lots by the trade if said. */
async function openStory(periods: object[], lots?: string) {
  const acme: TestTenant = await openTestTenant();
  const levels = { kind: 'fixed_by_level', unit: 'percent', levels: ['100'] };
  const definition = PlanDefinition.parse({
    currency: 'USD',
    components:
      lots === undefined
        ? []
        : [{ name: 'lots', model: { kind: 'per_lot' }, levels, rules: [{ name: 'all', budget: lots }] }],
    periods: periods.map((period) => ({ levels, ...period })),
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
    expect(task).toMatchObject({ state: 'done' });
    return task?.result;
  };
  return {
    ...acme,
    brokerage,
    money,
    trade,
    look,
    feed: async (...deals: RawDeal[]) => {
      for (const { refused } of (await brokerage.feed(deals)).map((answer) => ({ refused: answer })))
        expect(refused).toBeDefined();
      await brokerage.book();
    },
    awards: async () => {
      const { findings, recomputed } = await acme.inTenant((tx) => recomputeAllAwards(tx));
      expect(findings).toEqual([]); // By both engines, whatever came to be known since.
      const all = await acme.inTenant((tx) => awards(tx, {}));
      expect(recomputed).toBe(all.length);
      return all.map(({ kind, units, earnedAt, parts }) => [kind, shown(units), earnedAt.toISOString(), parts]);
    },
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

describe('Net revenue of a month', () => {
  let story: Awaited<ReturnType<typeof openStory>>;
  beforeAll(async () => {
    story = await openStory(
      [{ name: 'revenue', model: { kind: 'net_revenue', period: 'month', share: '30' } }],
      '21.00',
    );
  });
  afterAll(() => story.close());

  it('is (1840 + 620 - 210 - 150 - 96.50) x 30 % = 601.05, from trades, bookings, the feed and recorded costs', async () => {
    const march = UTC('2026-03-10T12:00:00');
    await story.feed(
      // 10 lots at a spread of 0.00184 are 1840; 10 lots at 21 are 210 of rebates.
      ...story.trade(march, { MarketBid: '1.08400', MarketAsk: '1.08584', Commission: '-620' }, '10'),
      story.money(6, '150', march),
      story.money(2, '5000', march),
    );
    const clientKey = await story.clientKey(0);
    const cost = { clientKey, kind: 'psp_fee' as const, at: march, source: 'northpay', reason: 'Card fees of March' };
    await story.inTenant((tx) => recordCosts(tx, [{ ...cost, money: usd('96.50'), reference: 'fee-1' }]));
    await story.look({ upTo: UTC('2026-04-01T00:00:00') });
    expect(await story.awards()).toEqual([['net_revenue', '601.05', '2026-03-31T23:59:59.999Z', 'Kim 601050000']]);
    expect(await story.payables()).toEqual({ Kim: '811.05' }); // With the 210.00 of the lots.
  });

  it('is awarded once, however often the run is repeated', async () => {
    await story.look({ upTo: UTC('2026-04-01T00:00:00') });
    await story.look({
      upTo: UTC('2026-04-01T00:00:00'),
      range: { from: UTC('2026-03-01T00:00:00'), to: UTC('2026-04-01T00:00:00') },
    });
    expect(await story.awards()).toHaveLength(1);
    expect(await story.waiting()).toEqual([]);
  });

  it('gives a further award for the difference when something of a settled month comes later', async () => {
    await story.feed(...story.trade(UTC('2026-03-30T12:00:00'), { MarketBid: '1.08400', MarketAsk: '1.08500' }, '1'));
    const result = await story.look({ upTo: UTC('2026-04-01T00:00:00') });
    expect(result).toEqual({ clients: 1, awards: 1, waiting: 0 });
    // 100 of spread less 21 of rebates, at 30 %.
    expect((await story.awards())[1]).toEqual(['net_revenue', '23.70', '2026-03-31T23:59:59.999Z', 'Kim 23700000']);
    expect(await story.results()).toEqual([
      ['2026-03', 0, '601.05', '0.00', null],
      ['2026-03', 1, '624.75', '0.00', null],
    ]);
  });

  it('takes back what a later chargeback leaves too much', async () => {
    const clientKey = await story.clientKey(0);
    const chargeback = {
      clientKey,
      kind: 'chargeback' as const,
      at: UTC('2026-03-31T12:00:00'),
      source: 'northpay',
      reason: 'Card holder disputes',
    };
    await story.inTenant((tx) => recordCosts(tx, [{ ...chargeback, money: usd('1000'), reference: 'cb-1' }]));
    await story.look({ upTo: UTC('2026-04-01T00:00:00') });
    expect((await story.awards())[2]?.slice(0, 2)).toEqual(['net_revenue', '-300.00']);
    expect(await story.payables()).toEqual({ Kim: '555.75' });
  });

  it('moves what was awarded when the tree of the period is said to have been another, and the range is run again', async () => {
    const clientKey = await story.clientKey(0);
    const maria = story.brokerage.ibs.get('Maria');
    const move = { clientKey, ibId: maria?.id ?? null, effectiveAt: UTC('2026-03-20T00:00:00') };
    await story.inTenant((tx) =>
      relinkClient(tx, { ...move, backdated: true, reason: 'It was Maria who brought her' }),
    );
    const range = { from: UTC('2026-03-01T00:00:00'), to: UTC('2026-04-01T00:00:00') };
    await story.look({ upTo: range.to, range });
    expect((await story.awards()).at(-1)).toEqual([
      'net_revenue',
      '0.00',
      '2026-03-31T23:59:59.999Z',
      'Kim -324750000, Maria 324750000',
    ]);
  });

  it('shows what would be awarded without awarding it', async () => {
    await story.feed(...story.trade(UTC('2026-02-10T12:00:00'), { MarketBid: '1.08400', MarketAsk: '1.08500' }, '1'));
    const range = { from: UTC('2026-02-01T00:00:00'), to: UTC('2026-03-01T00:00:00') };
    const before = await story.awards();
    expect(await story.look({ upTo: range.to, range, isPreview: true })).toEqual({ clients: 1, awards: 1, waiting: 0 });
    expect(await story.awards()).toEqual(before);
    expect(await story.look({ upTo: range.to, range })).toEqual({ clients: 1, awards: 1, waiting: 0 });
    expect((await story.awards()).at(-1)?.slice(0, 2)).toEqual(['net_revenue', '23.70']);
  });

  it('waits, visibly, for a rate that is missing, and goes on when it is there', async () => {
    await story.feed(
      ...story.trade(UTC('2026-04-10T12:00:00'), { Commission: '-100' }, '1', LOGINS.euro),
      ...story.trade(UTC('2026-04-10T12:00:00'), { Commission: '-50' }, '1'),
    );
    const april = { upTo: UTC('2026-05-01T00:00:00') };
    expect(await story.look(april)).toMatchObject({ awards: 1, waiting: 1 });
    expect(await story.waiting()).toEqual([{ unit: 'month', code: 'commissions.rate_missing' }]);
    await story.inTenant((tx) =>
      importRates(tx, [{ base: 'EUR', quote: 'USD', rate: '1.10', source: 'ecb', at: UTC('2026-04-09T14:00:00') }]),
    );
    expect(await story.look(april)).toMatchObject({ awards: 1, waiting: 0 });
    // 100 EUR at 1.10 less 21 of rebates, at 30 %.
    expect((await story.awards()).at(-1)?.slice(0, 2)).toEqual(['net_revenue', '26.70']);
    expect(await story.waiting()).toEqual([]);
  });
});

describe('Net loss of months', () => {
  it.each([
    [true, ['450.00']],
    [false, ['750.00']],
  ])('month 1 -1200 gives 0; month 2 +3000 at 25 %%; carry-over %s', async (carryOver, expected) => {
    const story = await openStory([
      { name: 'loss', model: { kind: 'net_loss', period: 'month', share: '25', carryOver } },
    ]);
    await story.feed(
      ...story.trade(UTC('2026-02-10T12:00:00'), { Profit: '1200' }),
      ...story.trade(UTC('2026-03-10T12:00:00'), { Profit: '-3000' }),
    );
    await story.look({ upTo: UTC('2026-04-01T00:00:00') });
    expect((await story.awards()).map(([, amount]) => amount)).toEqual(expected);
    if (carryOver) {
      // A gain of February that comes late is carried into March, of which a part is taken back.
      await story.feed(...story.trade(UTC('2026-02-20T12:00:00'), { Profit: '400' }));
      await story.look({ upTo: UTC('2026-04-01T00:00:00') });
      expect((await story.awards()).map(([, amount]) => amount)).toEqual(['450.00', '-100.00']);
      expect(await story.results()).toEqual([
        ['2026-02', 0, '0.00', '-1200.00', 'not_above_zero'],
        ['2026-03', 0, '450.00', '0.00', null],
        ['2026-02', 1, '0.00', '-1600.00', 'not_above_zero'],
        ['2026-03', 1, '350.00', '0.00', null],
      ]);
    }
    await story.close();
  });
});

describe('CPA', () => {
  const ladder = {
    steps: [
      { deposits: '200', pays: '60' },
      { deposits: '1000', pays: '150' },
    ],
  };

  it('a deposit of 200 pays 60, a total of 1000 pays 90 more, once for ever', async () => {
    const story = await openStory([{ name: 'cpa', model: { kind: 'cpa', tables: [ladder] } }]);
    const march = { upTo: UTC('2026-04-01T00:00:00') };
    await story.feed(
      story.money(2, '200', UTC('2026-03-10T12:00:00')),
      story.money(2, '300', UTC('2026-03-10T12:00:00'), 900_777n), // A login that nobody has yet.
    );
    await story.look({ upTo: UTC('2026-03-10T11:00:00') });
    expect(await story.awards()).toEqual([]); // It is reached later than what is looked at.
    await story.look(march);
    expect(await story.awards()).toEqual([['cpa', '60.00', '2026-03-10T12:00:00.000Z', 'Kim 60000000']]);
    await story.feed(
      story.money(2, '800', UTC('2026-03-12T12:00:00')),
      story.money(2, '-900', UTC('2026-03-13T12:00:00')),
    );
    await story.look(march);
    await story.feed(story.money(2, '5000', UTC('2026-03-14T12:00:00')));
    await story.look(march);
    expect((await story.awards()).slice(1)).toEqual([['cpa', '90.00', '2026-03-12T12:00:00.000Z', 'Kim 90000000']]);
    expect(await story.payables()).toEqual({ Kim: '150.00' });
    const other = await story.clientKey(1);
    const account = { server: 'Test-Live', group: 'real\\standard', currency: USD };
    await story.inTenant((tx) => openAccounts(tx, [{ ...account, clientKey: other, login: 900_777n }]));
    await story.look(march);
    expect((await story.awards()).slice(2)).toEqual([['cpa', '60.00', '2026-03-10T12:00:00.000Z', 'Kim 60000000']]);
    const ways = { withTenant: story.tenancy.withTenant, withControl: story.tenancy.withControl };
    const verified = await verifyTenant(ways, story.tenant, { recompute: true });
    expect(verified.findings).toEqual([]);
    await story.close();
  });

  it('pays half of it in a hybrid plan, beside half the lot rate: 30 and 0.50', async () => {
    const story = await openStory([{ name: 'cpa', model: { kind: 'cpa', tables: [ladder] }, part: '50' }], '0.50');
    await story.feed(story.money(2, '200', UTC('2026-03-10T12:00:00')), ...story.trade(UTC('2026-03-10T13:00:00')));
    await story.look({ upTo: UTC('2026-04-01T00:00:00') });
    expect((await story.awards()).map(([, amount]) => amount)).toEqual(['30.00']);
    expect(await story.payables()).toEqual({ Kim: '30.50' });
    await story.close();
  });

  it('waits behind its gates for lots and for the first deposits', async () => {
    const gates = { firstDeposits: { hours: 24, atLeast: '200' }, lots: '2' };
    const story = await openStory([{ name: 'cpa', model: { kind: 'cpa', tables: [ladder], gates } }]);
    const march = { upTo: UTC('2026-04-01T00:00:00') };
    await story.feed(
      story.money(2, '200', UTC('2026-03-10T12:00:00')),
      ...story.trade(UTC('2026-03-10T13:00:00'), {}, '1.5'),
    );
    await story.look(march);
    expect(await story.awards()).toEqual([]);
    await story.feed(...story.trade(UTC('2026-03-11T13:00:00'), {}, '0.5'));
    await story.look(march);
    expect((await story.awards()).map(([, amount, at]) => [amount, at])).toEqual([
      ['60.00', '2026-03-11T13:00:00.000Z'],
    ]);
    await story.close();
  });
});
