import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bookDueTrades } from '../../src/commissions/index.ts';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { trueUpOn } from '../../src/commissions/true-ups/service.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { query } from '../../src/platform/query.ts';
import { serverTimeFromUtc } from '../../src/trading/index.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import type { SeedPlan } from '../../seeds/brokerage.ts';
import { NEW_YORK_CLOSE } from '../../seeds/market.ts';
import type { BrokerageWords } from '../support/brokerage.ts';
import { openTestTenancy } from '../support/tenancy.ts';
import { LEVELS, openStandingDesk, type StandingDesk, tier, usd } from './standing-desk.ts';

let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await openTestTenancy();
});
afterAll(() => tenancy.close());

let desk: StandingDesk;
const openDesk = async (words: BrokerageWords): Promise<void> => {
  desk = await openStandingDesk(tenancy, words);
};

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

describe('A retroactive tier', () => {
  beforeAll(() =>
    openDesk({ plan: { budget: '7', levels: LEVELS, traderRebate: '10', adjusters: [tier('retroactive')] } }),
  );

  it('brings earlier trades of the month to the tier that a later one reaches: 635 = 140 + 495', async () => {
    await desk.brokerage.feed([...desk.brokerage.deal({ lots: '95' }), ...desk.brokerage.deal({ lots: '400' })]);
    await desk.brokerage.book();
    expect(await desk.earned()).toEqual([475, 2400]);
    expect(await desk.settle()).toEqual(['done']);
    expect(await desk.earned()).toEqual([570, 2400]); // 495 x 6 = 2970.
    await desk.brokerage.feed(desk.brokerage.deal({ lots: '20' }));
    await desk.brokerage.book();
    expect(await desk.earned()).toEqual([570, 2400, 140]);
    // A worker that dies after its first page leaves that page behind; whoever goes on, or begins anew, finds it done.
    const month = { planKey: 1, component: 'lots', owner: 4, month: Date.UTC(2026, 2, 1) / 86_400_000, rounds: 1 };
    const page = await desk.inTenant((tx) => trueUpOn(tx, month, undefined, 1));
    expect(page).toMatchObject({ looked: 1, changed: 1, reached: { afterIb: 4 } });
    expect(await desk.earned()).toEqual([665, 2400, 140]);
    expect(await desk.settle()).toEqual(['done', 'done']);
    expect(await desk.earned()).toEqual([665, 2800, 140]);
  });

  it('writes rows of a component of its own, to the chain, the client and the house, and posts them in the ledger', async () => {
    const all = usd(95 + 495);
    expect(await desk.inTenant((tx) => trueUpRows(tx, {}))).toEqual([
      { component: 32, kind: 1, units: (all * 65n) / 100n },
      { component: 32, kind: 2, units: (all * 5n) / 100n },
      { component: 32, kind: 3, units: (all * 30n) / 100n },
    ]);
    const whole = usd(3605);
    expect(await desk.inTenant((tx) => owed(tx, {}))).toEqual([
      { purpose: 'ib_payable', units: (whole * 65n) / 100n },
      { purpose: 'trader_rebate_payable', units: (whole * 5n) / 100n },
    ]);
  });

  it('does nothing twice, and every revision is computed again to the same bytes by both engines', async () => {
    expect(await desk.settle()).toEqual(['done', 'done']);
    const again = { planKey: 1, component: 'lots', owner: 4, month: Date.UTC(2026, 2, 1) / 86_400_000, rounds: 99 };
    expect(await desk.inTenant((tx) => trueUpOn(tx, again, undefined, 2))).toMatchObject({ looked: 2, changed: 0 });
    await desk.holds();
  });
});

describe('A round of true-ups that began with trades that say nothing of the tier, or by another version’s', () => {
  it('ends once, and is not due again', async () => {
    await openDesk({ plan: { budget: '7', levels: LEVELS, adjusters: [tier('retroactive')] } });
    await desk.brokerage.feed([...desk.brokerage.deal({ lots: '95' }), ...desk.brokerage.deal({ lots: '20' })]);
    await desk.brokerage.book();
    const month = { planKey: 1, component: 'lots', owner: 4, month: Date.UTC(2026, 2, 1) / 86_400_000 };
    const begun = { afterIb: -1, afterDeal: '0' };
    const untold = await desk.inTenant((tx) =>
      trueUpOn(tx, { ...month, rounds: 0 }, { ...begun, units: '0', tier: -1 }, 1),
    );
    expect(untold.reached).toMatchObject({ units: '115000000000000', tier: 1 });
    await desk.inTenant((tx) => trueUpOn(tx, { ...month, rounds: 0 }, untold.reached, 500));
    expect(await desk.settle()).toEqual([]);
    const ofOther = { ...begun, units: '115000000000000', tier: 2 };
    await desk.inTenant((tx) => trueUpOn(tx, { ...month, rounds: 1 }, ofOther, 500));
    expect(await desk.settle()).toEqual([]);
    expect(await desk.earned()).toEqual([570, 120]);
    await desk.holds();
  });
});

describe('A retroactive tier by deposits', () => {
  const tiers = [{ upTo: '1000', rate: '5' }, { rate: '7' }];
  const by = { kind: 'tier', by: 'deposits', of: 'ib', mode: 'retroactive', unit: 'rate', tiers } as const;

  it('brings the trades of a month to what was deposited after them, whoever trades next', async () => {
    await openDesk({ plan: { budget: '7', levels: LEVELS, adjusters: [by] } });
    await desk.brokerage.feed(desk.brokerage.deal());
    await desk.brokerage.book();
    expect(await desk.earned()).toEqual([5]);
    const [Login, TimeMsc] = [
      String(desk.brokerage.logins[0]),
      serverTimeFromUtc(NEW_YORK_CLOSE, Date.UTC(2026, 2, 31, 23, 59, 59)),
    ];
    await desk.brokerage.feed([{ Deal: '5', Login, Action: 2, Profit: '1000.01', TimeMsc }]);
    await desk.brokerage.feed(desk.brokerage.deal({ closedAt: new Date('2026-04-10T10:00:00Z') }));
    await desk.brokerage.book();
    expect(await desk.settle()).toEqual(['done']);
    expect(await desk.earned()).toEqual([7, 5]);
    await desk.brokerage.tell([{ type: 'deal.delete', deal: { Deal: '5', Login } }]);
    await desk.brokerage.feed(desk.brokerage.deal({ closedAt: new Date('2026-04-11T10:00:00Z') }));
    await desk.brokerage.book();
    expect(await desk.settle()).toEqual(['done', 'done']);
    expect(await desk.earned()).toEqual([5, 5, 5]);
    await desk.holds();
  });
});

describe('A correction takes counts back', () => {
  beforeAll(() =>
    openDesk({
      plan: {
        budget: '7',
        levels: LEVELS,
        adjusters: [tier('retroactive'), { kind: 'cap', of: 'plan', over: 'month', amount: '4000' }],
      },
    }),
  );

  it('and counts what the deal is now: others are brought to the tier that holds without it', async () => {
    const [first, second, third] = [
      desk.brokerage.deal({ lots: '95' }),
      desk.brokerage.deal({ lots: '400' }),
      desk.brokerage.deal({ lots: '20' }),
    ];
    await desk.brokerage.feed([...first, ...second, ...third]);
    await desk.brokerage.book();
    await desk.settle();
    expect(await desk.earned()).toEqual([665, 2800, 140]);
    expect(await desk.counted()).toEqual(['lots 515000000000000', `paid_plan ${usd(3605)}`]);
    const [, closed = {}] = second;
    await desk.amend('deal.update', { ...closed, VolumeExt: '300000000' }); // 3 lots in place of 400.
    expect(await desk.counted()).toEqual(['lots 118000000000000', `paid_plan ${usd(665 + 21 + 140)}`]);
    await desk.settle();
    expect(await desk.earned()).toEqual([570, 18, 120]); // 118 lots: 6 for all of them.
    expect(await desk.counted()).toEqual(['lots 118000000000000', `paid_plan ${usd(708)}`]);
  });

  it('and counts nothing of what was deleted', async () => {
    await desk.amend('deal.delete', { Deal: '700003', Login: String(desk.brokerage.logins[0]) });
    expect(await desk.counted()).toEqual(['lots 23000000000000', `paid_plan ${usd(138)}`]);
    await desk.settle();
    expect(await desk.earned()).toEqual(['deal_deleted', 15, 100]);
    expect(await desk.counted()).toEqual(['lots 23000000000000', `paid_plan ${usd(115)}`]);
    await desk.holds();
  });
});

describe('A tier that is trued up at the end of the month', () => {
  beforeAll(() =>
    openDesk({
      plan: {
        budget: '7',
        levels: LEVELS,
        adjusters: [tier('marginal_then_trued_up'), { kind: 'cap', of: 'client', over: 'month', amount: '3500' }],
      },
    }),
  );

  it('books marginally, and pays the difference when the month is over, never more than the cap', async () => {
    const closedAt = new Date('2026-03-10T12:00:00Z');
    await desk.brokerage.feed([
      ...desk.brokerage.deal({ lots: '495', closedAt }),
      ...desk.brokerage.deal({ lots: '20', closedAt }),
      ...desk.brokerage.deal({ lots: '10', closedAt, login: desk.brokerage.logins[1] ?? 0n }),
    ]);
    await desk.brokerage.book();
    expect(await desk.earned()).toEqual([2870, 135, 70]);
    expect(await desk.settle()).toEqual(['done']);
    expect(await desk.earned()).toEqual([3365, 135, 70]); // 495 x 7 = 3465 is cut to what the cap left: 3500 - 135.
    expect(await desk.settle()).toEqual(['done']);
    await desk.holds();
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
    openDesk({
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

  it('are booked, corrected and trued up side by side: nobody waits for ever, and no count is lost', async () => {
    const [first = 0n, second = 0n] = desk.brokerage.logins;
    const deals = Array.from({ length: 60 }, (_none, place) =>
      desk.brokerage.deal({ lots: '1', login: place % 2 === 0 ? first : second }),
    );
    await desk.brokerage.feed(deals.flat());
    const book = () => desk.inTenant((tx) => bookDueTrades(tx, desk.brokerage.memory, { max: 6 }));
    await Promise.all([book(), book(), book()]);
    const amended = deals.slice(0, 12).map(([, closed = {}], place) => ({
      type: place % 3 === 0 ? 'deal.delete' : 'deal.update',
      deal: { ...closed, VolumeExt: '50000000' },
    }));
    await desk.brokerage.tell(amended);
    await Promise.all([book(), desk.settle(), book(), desk.correct(), book(), book()]);
    await desk.brokerage.book();
    await desk.correct();
    await desk.settle();
    await desk.settle();
    const amounts = await desk.earned();
    const paid = amounts.reduce<number>((sum, each) => (typeof each === 'number' ? sum + each : sum), 0);
    expect(paid).toBe(300); // Each client at its cap: 26 lots at 7 would be 182.
    await desk.holds();
  });
});
