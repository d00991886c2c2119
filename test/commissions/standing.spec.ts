import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { bookDueTrades, recompute } from '../../src/commissions/index.ts';
import { query } from '../../src/platform/query.ts';
import { type Brokerage, type BrokerageWords, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

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

let acme: TestTenant;
let brokerage: Brokerage;
const open = async (words: BrokerageWords): Promise<void> => {
  acme = await openTestTenant();
  brokerage = await openBrokerage(acme, words);
};
const LEVELS = { kind: 'fixed_by_level', unit: 'percent', levels: ['50', '20'] } as const;
const usd = (amount: number): bigint => BigInt(Math.round(amount * 1_000_000));
const earned = async () =>
  (await acme.inTenant((tx) => earnings(tx, {}))).map(({ units, reason }) => reason ?? Number(units) / 1_000_000);

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
    expect(await acme.inTenant((tx) => recompute(tx))).toEqual({ findings: [], recomputed: 4 });
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
    expect(await acme.inTenant((tx) => recompute(tx))).toEqual({ findings: [], recomputed: 40 });
  });
});
