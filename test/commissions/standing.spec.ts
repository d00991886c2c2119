import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bookDueTrades, recompute, settleTrueUps, trueUp, verifyBookings } from '../../src/commissions/index.ts';
import { trueUpOn } from '../../src/commissions/true-ups/service.ts';
import { carryOutAmendments } from '../../src/commissions/amendments/service.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { mendParked } from '../../src/commissions/mending/service.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { TaskId } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { type RawDeal, serverTimeFromUtc } from '../../src/trading/index.ts';
import type { SeedPlan } from '../../seeds/brokerage.ts';
import { NEW_YORK_CLOSE } from '../../seeds/market.ts';
import { type Brokerage, type BrokerageWords, openBrokerage } from '../support/brokerage.ts';
import { openTestTenancy, openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

const earnings = query(
  'test.earnings',
  z.object({ units: z.bigint(), reason: z.string().nullable() }),
  `
  select b.earning_units as units, u.reason
    from (select distinct on (deal_key) * from commissions.bookings order by deal_key, revision desc) b
    left join commissions.unpaid u on u.deal_key = b.deal_key and u.revision = b.revision and u.component = -1
   order by b.deal_key`,
);
const counters = query(
  'test.counters',
  z.object({ measure: z.string(), units: z.string() }),
  `select measure, sum(units)::text as units from commissions.counters group by measure order by measure`,
);

const BREAKS = [{ upTo: '100', rate: '5' }, { upTo: '500', rate: '6' }, { rate: '7' }];
const tier = (mode: 'marginal' | 'step' | 'retroactive' | 'marginal_then_trued_up') =>
  ({ kind: 'tier', by: 'lots', of: 'ib', mode, unit: 'rate', tiers: BREAKS }) as const;

let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await openTestTenancy();
});
afterAll(() => tenancy.close());

let acme: TestTenant;
let brokerage: Brokerage;
const open = async (words: BrokerageWords): Promise<void> => {
  acme = await openTestTenant(tenancy);
  brokerage = await openBrokerage(acme, words);
};
const LEVELS = { kind: 'fixed_by_level' as const, unit: 'percent' as const, levels: ['50', '20'] };
const usd = (amount: number): bigint => BigInt(Math.round(amount * 1_000_000));
const earned = async () =>
  (await acme.inTenant((tx) => earnings(tx, {}))).map(({ units, reason }) => reason ?? Number(units) / 1_000_000);

/** Everything that must hold of bookings, and each of them computed again by both engines. */
const holds = async (): Promise<void> => {
  expect((await acme.inTenant((tx) => verifyBookings(tx))).findings).toEqual([]);
  expect((await acme.inTenant((tx) => recompute(tx))).findings).toEqual([]);
};

describe('A tier by lots of the month', () => {
  beforeAll(() => open({ plan: { budget: '7', levels: LEVELS, adjusters: [tier('marginal')] } }));
  afterAll(() => acme.close());

  it('goes on from batch to batch, and within one', async () => {
    await brokerage.feed([...brokerage.deal({ lots: '95' }), ...brokerage.deal({ lots: '400' })]);
    await brokerage.book();
    await brokerage.feed(brokerage.deal({ lots: '20' }));
    await brokerage.book();
    expect(await earned()).toEqual([475, 2395, 135]);
  });

  it('counts lots of April in April', async () => {
    await brokerage.feed(brokerage.deal({ lots: '1', closedAt: new Date('2026-04-01T00:00:00Z') }));
    await brokerage.book();
    expect((await earned()).at(-1)).toBe(5);
  });

  it('is computed again to the same bytes, by both engines', async () => {
    await holds();
  });
});

const owed = query(
  'test.owed',
  z.object({ purpose: z.string(), units: z.bigint() }),
  `
  select a.purpose, sum(a.posted_credits - a.posted_debits)::bigint as units from ledger.accounts a where a.purpose like '%payable' or a.purpose like '%receivable'
   group by a.purpose order by a.purpose`,
);
const trueUpRows = query(
  'test.true_up_rows',
  z.object({ component: z.int(), kind: z.int(), units: z.bigint() }),
  `
  select r.component, r.kind, sum(r.units)::bigint as units from commissions.rebates r
    join commissions.bookings b on b.deal_key = r.deal_key and b.revision = r.revision
    join commissions.batches t on t.key = b.batch_key where t.kind = 'true_up'
   group by r.component, r.kind order by r.component, r.kind`,
);
const tasksOf = query(
  'test.tasks',
  z.object({ id: TaskId, state: z.string() }),
  `select id, state from platform.tasks order by created_at`,
);

/** A round of settling, and the tasks that it asked for. */
const settle = async (): Promise<string[]> => {
  const { withTenant } = acme.tenancy;
  await settleTrueUps({ withTenant }, acme.tenant.id);
  const asked = await acme.inTenant((tx) => tasksOf(tx, {}));
  for (const { id, state } of asked)
    if (state === 'queued')
      await runTask({ withTenant, kinds: [trueUp], leaseMs: 5_000, log: testLog }, acme.tenant.id, id);
  return (await acme.inTenant((tx) => tasksOf(tx, {}))).map(({ state }) => state);
};

describe('A retroactive tier', () => {
  beforeAll(() =>
    open({ plan: { budget: '7', levels: LEVELS, traderRebate: '10', adjusters: [tier('retroactive')] } }),
  );
  afterAll(() => acme.close());

  it('brings earlier trades of the month to the tier that a later one reaches: 635 = 140 + 495', async () => {
    await brokerage.feed([...brokerage.deal({ lots: '95' }), ...brokerage.deal({ lots: '400' })]);
    await brokerage.book();
    expect(await earned()).toEqual([475, 2400]);
    expect(await settle()).toEqual(['done']);
    expect(await earned()).toEqual([570, 2400]); // 495 x 6 = 2970.
    await brokerage.feed(brokerage.deal({ lots: '20' }));
    await brokerage.book();
    expect(await earned()).toEqual([570, 2400, 140]);
    // A worker that dies after its first page leaves that page behind; whoever goes on, or begins anew, finds it done.
    const month = { planKey: 1, component: 'lots', owner: 4, month: Date.UTC(2026, 2, 1) / 86_400_000, rounds: 1 };
    const page = await acme.inTenant((tx) => trueUpOn(tx, month, undefined, 1));
    expect(page).toMatchObject({ looked: 1, changed: 1, reached: { afterIb: 4 } });
    expect(await earned()).toEqual([665, 2400, 140]);
    expect(await settle()).toEqual(['done', 'done']);
    expect(await earned()).toEqual([665, 2800, 140]);
  });

  it('writes rows of a component of its own, to the chain, the client and the house, and posts them in the ledger', async () => {
    const all = usd(95 + 495);
    expect(await acme.inTenant((tx) => trueUpRows(tx, {}))).toEqual([
      { component: 32, kind: 1, units: (all * 65n) / 100n },
      { component: 32, kind: 2, units: (all * 5n) / 100n },
      { component: 32, kind: 3, units: (all * 30n) / 100n },
    ]);
    const whole = usd(3605);
    expect(await acme.inTenant((tx) => owed(tx, {}))).toEqual([
      { purpose: 'ib_payable', units: (whole * 65n) / 100n },
      { purpose: 'trader_rebate_payable', units: (whole * 5n) / 100n },
    ]);
  });

  it('does nothing twice, and every revision is computed again to the same bytes by both engines', async () => {
    expect(await settle()).toEqual(['done', 'done']);
    const again = { planKey: 1, component: 'lots', owner: 4, month: Date.UTC(2026, 2, 1) / 86_400_000, rounds: 99 };
    expect(await acme.inTenant((tx) => trueUpOn(tx, again, undefined, 2))).toMatchObject({ looked: 2, changed: 0 });
    await holds();
  });
});

/** What the feed says of deals afterwards, taken up. */
const amend = async (type: 'deal.update' | 'deal.delete', deal: RawDeal): Promise<void> => {
  await brokerage.tell([{ type, deal }]);
  await acme.inTenant((tx) => carryOutAmendments(tx, brokerage.memory.books, { after: 0n }));
};

describe('A correction takes counts back', () => {
  beforeAll(() =>
    open({
      plan: {
        budget: '7',
        levels: LEVELS,
        adjusters: [tier('retroactive'), { kind: 'cap', of: 'plan', over: 'month', amount: '4000' }],
      },
    }),
  );
  afterAll(() => acme.close());
  const standsAt = async () =>
    (await acme.inTenant((tx) => counters(tx, {}))).map(({ measure, units }) => `${measure} ${units}`);

  it('and counts what the deal is now: others are brought to the tier that holds without it', async () => {
    const [first, second, third] = [
      brokerage.deal({ lots: '95' }),
      brokerage.deal({ lots: '400' }),
      brokerage.deal({ lots: '20' }),
    ];
    await brokerage.feed([...first, ...second, ...third]);
    await brokerage.book();
    await settle();
    expect(await earned()).toEqual([665, 2800, 140]);
    expect(await standsAt()).toEqual(['lots 515000000000000', `paid_plan ${usd(3605)}`]);
    const [, closed = {}] = second;
    await amend('deal.update', { ...closed, VolumeExt: '300000000' }); // 3 lots in place of 400.
    expect(await standsAt()).toEqual(['lots 118000000000000', `paid_plan ${usd(665 + 21 + 140)}`]);
    await settle();
    expect(await earned()).toEqual([570, 18, 120]); // 118 lots: 6 for all of them.
    expect(await standsAt()).toEqual(['lots 118000000000000', `paid_plan ${usd(708)}`]);
  });

  it('and counts nothing of what was deleted', async () => {
    await amend('deal.delete', { Deal: '700003', Login: String(brokerage.logins[0]) });
    expect(await standsAt()).toEqual(['lots 23000000000000', `paid_plan ${usd(138)}`]);
    await settle();
    expect(await earned()).toEqual(['deal_deleted', 15, 100]);
    expect(await standsAt()).toEqual(['lots 23000000000000', `paid_plan ${usd(115)}`]);
    await holds();
  });
});

describe('A tier that is trued up at the end of the month', () => {
  beforeAll(() =>
    open({
      plan: {
        budget: '7',
        levels: LEVELS,
        adjusters: [tier('marginal_then_trued_up'), { kind: 'cap', of: 'client', over: 'month', amount: '3500' }],
      },
    }),
  );
  afterAll(() => acme.close());

  it('books marginally, and pays the difference when the month is over, never more than the cap', async () => {
    const closedAt = new Date('2026-03-10T12:00:00Z');
    await brokerage.feed([
      ...brokerage.deal({ lots: '495', closedAt }),
      ...brokerage.deal({ lots: '20', closedAt }),
      ...brokerage.deal({ lots: '10', closedAt, login: brokerage.logins[1] ?? 0n }),
    ]);
    await brokerage.book();
    expect(await earned()).toEqual([2870, 135, 70]);
    expect(await settle()).toEqual(['done']);
    expect(await earned()).toEqual([3365, 135, 70]); // 495 x 7 = 3465 is cut to what the cap left: 3500 - 135.
    expect(await settle()).toEqual(['done']);
    await holds();
  });
});

describe('A credit coefficient', () => {
  beforeAll(() =>
    open({ plan: { budget: '12', levels: LEVELS, adjusters: [{ kind: 'credit_coefficient', below: '0.85' }] } }),
  );
  afterAll(() => acme.close());

  it('parks a trade of an account of which nothing is known, and books it once the feed has told', async () => {
    const closedAt = new Date('2026-03-10T12:00:00Z');
    const Login = String(brokerage.logins[0]);
    await brokerage.feed(brokerage.deal({ closedAt }));
    expect(await brokerage.book()).toMatchObject({ parked: 1 });
    const told = (utc: string, account: RawDeal) => ({
      type: 'account.state',
      account: { Login, ...account, TimeMsc: serverTimeFromUtc(NEW_YORK_CLOSE, new Date(utc).getTime()) },
    });
    await brokerage.tell([told('2026-03-10T12:00:00.001Z', { Equity: '5000', Credit: '0' })]);
    expect(await acme.inTenant((tx) => mendParked(tx, new Map()))).toBe(0); // Only afterwards.
    await brokerage.tell([
      told('2026-03-10T11:00:00Z', { Equity: '2000', Credit: '0' }),
      told('2026-03-10T11:59:59Z', { Equity: '1000.00', Credit: '300.00', Balance: '900' }),
    ]);
    expect(await acme.inTenant((tx) => mendParked(tx, new Map()))).toBe(1);
    await brokerage.book();
    expect(await earned()).toEqual([8.4]);
    await holds();
  });
});

describe('A tier by deposits', () => {
  const tiers = [{ upTo: '1000', rate: '5' }, { rate: '7' }];
  const by = { kind: 'tier', by: 'deposits', of: 'ib', mode: 'step', unit: 'rate', tiers } as const;
  beforeAll(() => open({ plan: { budget: '7', levels: LEVELS, adjusters: [by] } }));
  afterAll(() => acme.close());

  const money = (ticket: string, Profit: string, at: string, Action = 2): RawDeal => ({
    Deal: ticket,
    Login: String(brokerage.logins[0]),
    Action,
    Profit,
    TimeMsc: serverTimeFromUtc(NEW_YORK_CLOSE, new Date(at).getTime()),
  });

  it('goes by what clients of the IB paid in this month, as the platform says it now', async () => {
    const one = async (): Promise<void> => {
      await brokerage.feed(brokerage.deal());
      await brokerage.book();
    };
    await brokerage.feed([
      money('1', '5000', '2026-02-28T23:59:59Z'), // Last month.
      money('2', '1000', '2026-03-01T00:00:00Z'),
      money('3', '-300', '2026-03-02T00:00:00Z'), // A withdrawal, and a bonus.
      money('4', '700', '2026-03-02T00:00:00Z', 6),
    ]);
    await one();
    await brokerage.feed([money('5', '0.01', '2026-03-03T00:00:00Z')]);
    await one();
    await brokerage.tell([{ type: 'deal.delete', deal: { Deal: '5', Login: String(brokerage.logins[0]) } }]);
    await one();
    expect(await earned()).toEqual([5, 7, 5]);
    await holds();
  });
});

describe('Hedged volume', () => {
  beforeAll(() => open({ plan: { budget: '10', levels: LEVELS, adjusters: [{ kind: 'hedged_volume' }] } }));
  afterAll(() => acme.close());

  it('counts by how much a trade raises max(long, short) of its client in the month, from batch to batch', async () => {
    const long = brokerage.deal({ lots: '2' });
    const short = brokerage.deal({ lots: '3' }).map((deal) => ({ ...deal, Action: deal['Action'] === 0 ? 1 : 0 }));
    const both = [...long, ...short];
    await brokerage.feed(both);
    await brokerage.book();
    await brokerage.feed(brokerage.deal({ lots: '1' }));
    await brokerage.book();
    expect(await earned()).toEqual([20, 10, 'volume_hedged']);
    expect(await acme.inTenant((tx) => counters(tx, {}))).toEqual([
      { measure: 'long', units: '3000000000000' },
      { measure: 'short', units: '3000000000000' },
    ]);
  });
});

describe('Caps, side by side', () => {
  beforeAll(() =>
    open({
      plan: {
        levels: LEVELS,
        budget: '8',
        adjusters: [
          { kind: 'cap', of: 'client', over: 'day', amount: '100' },
          { kind: 'cap', of: 'plan', over: 'month', amount: '150' },
        ],
      },
    }),
  );
  afterAll(() => acme.close());

  it('are never exceeded, and no update is lost, when four book the trades of one plan at the same time', async () => {
    const [first = 0n, second = 0n] = brokerage.logins;
    await brokerage.feed(
      Array.from({ length: 40 }, (_none, place) =>
        brokerage.deal({ lots: '1', login: place % 2 === 0 ? first : second }),
      ).flat(),
    );
    const batches = Array.from({ length: 8 }, () =>
      acme.inTenant((tx) => bookDueTrades(tx, brokerage.memory, { max: 5 })),
    );
    await Promise.all(batches);
    await brokerage.book();
    const amounts = (await earned()).filter((each) => typeof each === 'number');
    expect(amounts.reduce((sum, each) => sum + each, 0)).toBe(150);
    expect(await acme.inTenant((tx) => counters(tx, {}))).toEqual([
      { measure: 'paid_client', units: String(usd(150)) },
      { measure: 'paid_plan', units: String(usd(150)) },
    ]);
    expect((await earned()).filter((each) => each === 'cap_reached')).toHaveLength(40 - amounts.length);
    await holds();
  });
});

describe('Two plans whose trades come in the same batches', () => {
  const plan = (name: string, master: number): SeedPlan => ({
    name,
    master,
    definition: PlanDefinition.parse({
      currency: 'USD',
      components: [
        {
          name: 'lots',
          model: { kind: 'per_lot' },
          levels: LEVELS,
          rules: [{ name: 'everything', budget: '7' }],
          adjusters: [
            {
              ...tier('retroactive'),
              of: 'plan',
              tiers: [{ upTo: '10', rate: '5' }, { upTo: '20', rate: '6' }, { rate: '7' }],
            },
            { kind: 'cap', of: 'client', over: 'month', amount: '150' },
          ],
        },
      ],
    }),
  });
  beforeAll(() =>
    open({
      seed: {
        ibs: [
          { name: 'Ada', parent: null },
          { name: 'Ben', parent: null },
        ],
        clients: [0, 1].map((ib) => ({
          name: `Client ${ib}`,
          ib,
          accounts: [{ login: 900_001n + BigInt(ib), group: 'real\\standard', currency: Currency.parse('USD') }],
        })),
        plans: [plan('One', 0), plan('Two', 1)],
      },
    }),
  );
  afterAll(() => acme.close());

  it('are booked, corrected and trued up side by side: nobody waits for ever, and no count is lost', async () => {
    const [first = 0n, second = 0n] = brokerage.logins;
    const deals = Array.from({ length: 60 }, (_none, place) =>
      brokerage.deal({ lots: '1', login: place % 2 === 0 ? first : second }),
    );
    await brokerage.feed(deals.flat());
    const book = () => acme.inTenant((tx) => bookDueTrades(tx, brokerage.memory, { max: 6 }));
    await Promise.all([book(), book(), book()]);
    const amended = deals.slice(0, 12).map(([, closed = {}], place) => ({
      type: place % 3 === 0 ? 'deal.delete' : 'deal.update',
      deal: { ...closed, VolumeExt: '50000000' },
    }));
    await brokerage.tell(amended);
    const correct = () => acme.inTenant((tx) => carryOutAmendments(tx, brokerage.memory.books, { after: 0n }));
    await Promise.all([book(), settle(), book(), correct(), book(), book()]);
    await brokerage.book();
    await correct();
    await settle();
    await settle();
    const amounts = await earned();
    const paid = amounts.reduce<number>((sum, each) => (typeof each === 'number' ? sum + each : sum), 0);
    expect(paid).toBe(300); // Each client at its cap: 26 lots at 7 would be 182.
    await holds();
  });
});
