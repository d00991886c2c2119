import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { explain } from '../../src/commissions/index.ts';
import { recompute } from '../../src/commissions/replay/service.ts';
import { verifyBookings } from '../../src/commissions/verify/service.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { dealIdOf } from '../../src/kernel/ids.ts';
import { query } from '../../src/platform/query.ts';
import { ecbQuotations, importRates, parkedDeals, type RawDeal, rerunParked } from '../../src/trading/index.ts';
import { type Brokerage, type BrokerageWords, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const booked = query(
  'test.booked_executions',
  z.object({ dealKey: z.bigint(), units: z.bigint(), execution: z.string().nullable() }),
  `
  select b.deal_key as "dealKey", b.earning_units as units, e.execution
    from commissions.bookings b left join commissions.executions e on e.deal_key = b.deal_key order by b.deal_key`,
);

const ECB = path.resolve('../shared/data/fx/ecb_eurofxref_2015_2018.csv');

const percentages = { kind: 'fixed_by_level', unit: 'percent', levels: ['50', '20'] } as const;

let acme: TestTenant;
let brokerage: Brokerage;
afterEach(() => acme.close());
async function open(plan: NonNullable<BrokerageWords['plan']>): Promise<void> {
  acme = await openTestTenant();
  brokerage = await openBrokerage(acme, {
    plan: { levels: { ...percentages, levels: [...percentages.levels] }, ...plan },
  });
}
const rows = () => acme.inTenant((tx) => booked(tx, {}));
/** The open of a position and its close in two halves, with what else is said of each. */
function inHalves(more: { readonly open?: RawDeal; readonly closes: readonly [RawDeal, RawDeal] }): RawDeal[] {
  const [opening = {}, closing = {}] = brokerage.deal({ lots: '1' });
  const [next = {}] = brokerage.deal();
  const half = { VolumeExt: '50000000' };
  return [
    { ...opening, ...more.open },
    { ...closing, ...half, ...more.closes[0] },
    { ...closing, ...half, Deal: next['Deal'] ?? '', Order: next['Deal'] ?? '', ...more.closes[1] },
  ];
}
const replayed = async (): Promise<void> => {
  const { findings, recomputed } = await acme.inTenant((tx) => recompute(tx));
  expect({ findings, recomputed: recomputed > 0 }).toEqual({ findings: [], recomputed: true });
  expect((await acme.inTenant((tx) => verifyBookings(tx))).findings).toEqual([]);
};

describe('A plan that looks at how trades were carried out', () => {
  it('counts the commission of an entry once, however it is closed, and a deal that comes late changes nothing', async () => {
    await open({ model: { kind: 'commission_share' }, budget: '25' });
    const deals = inHalves({
      open: { Commission: '-6.00' },
      closes: [{ Commission: '-3.00' }, { Commission: '-3.00' }],
    });
    await brokerage.feed(deals.slice(0, 2));
    await brokerage.book();
    await brokerage.feed(deals.slice(2));
    await brokerage.book();
    expect((await rows()).map(({ units }) => units)).toEqual([1_500_000n, 1_500_000n]);
    const [{ Deal: _deal, ...opening } = {}] = deals; // A further entry, which the server tells late, with a ticket before the closes.
    await brokerage.feed([{ ...opening, Deal: '600001', Order: '600001', Commission: '-60.00' }]);
    await replayed();
  });

  it('waits for an entry that has not come', async () => {
    await open({ model: { kind: 'commission_share' }, budget: '25' });
    const [opening, closing] = brokerage.deal();
    if (opening === undefined || closing === undefined) throw new Error('a position has two deals');
    await brokerage.feed([{ ...closing, Commission: '-6' }]);
    expect(await brokerage.book()).toMatchObject({ parked: 1 });
  });

  it('takes the mean of the spread at open and close, and tells it', async () => {
    await open({ model: { kind: 'spread_share', spread: 'mean', limits: [] }, budget: '25' });
    const [opening, closing] = brokerage.deal();
    await brokerage.feed([
      { ...opening, MarketBid: '1.08430', MarketAsk: '1.08440' },
      { ...closing, MarketBid: '1.08512', MarketAsk: '1.08526' },
    ]);
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
    const [row] = await rows();
    expect(row).toMatchObject({ units: 3_000_000n });
    const told = await acme.inTenant((tx) => explain(tx, dealIdOf(row?.dealKey ?? 0n)));
    expect(told.steps.find(({ step }) => step === 'earning')).toMatchObject({
      amount: '3.00',
      figures: {
        openBid: '1.0843',
        openAsk: '1.0844',
        closeBid: '1.08512',
        closeAsk: '1.08526',
        contractSize: '100000',
      },
    });
    await replayed();
  });

  it('reads what pips, points and profit need of deal and symbol, and adds components up', async () => {
    const kinds = [
      { model: { kind: 'pips' } as const, budget: '0.8' },
      { model: { kind: 'points' } as const, budget: '10' },
      { model: { kind: 'profit_share' } as const, budget: '5' },
    ];
    const components = kinds.map(({ model, budget }) => ({
      name: model.kind,
      model,
      levels: { ...percentages, levels: ['50'] },
      rules: [{ name: 'everything', budget }],
      traderRebate: '0',
      filters: [],
    }));
    acme = await openTestTenant();
    const definition = { currency: Currency.parse('USD'), components };
    brokerage = await openBrokerage(acme, { seed: { plans: [{ name: 'Hybrid', definition, master: undefined }] } });
    await brokerage.feed(brokerage.deal());
    await brokerage.book();
    expect((await rows()).map(({ units }) => units)).toEqual([8_000_000n + 10_000_000n + 3_600_000n]);
    await replayed();
  });

  it('converts by the rates at the close, keeps them, and waits while there are none', async () => {
    await open({ model: { kind: 'pips' }, budget: '0.6' });
    const ofYen = () => brokerage.deal({ symbol: 'USDJPY', lots: '1.20' });
    await brokerage.feed(ofYen());
    expect(await brokerage.book()).toMatchObject({ parked: 1 });
    const quotation = (rate: string, day: string) => ({
      base: 'USD',
      quote: 'JPY',
      rate,
      source: 'bank',
      at: new Date(day),
    });
    await acme.inTenant((tx) =>
      importRates(tx, [quotation('151.37', '2026-03-09T15:00:00Z'), quotation('100', '2026-03-11T15:00:00Z')]),
    );
    await acme.inTenant((tx) => rerunParked(tx, { code: 'commissions.rate_missing', max: 10 }));
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
    await acme.inTenant((tx) => importRates(tx, [quotation('200', '2026-03-09T16:00:00Z')])); // Told late: it changes nothing.
    const [row] = await rows();
    expect(row?.units).toBe(4_756_557n);
    const told = await acme.inTenant((tx) => explain(tx, dealIdOf(row?.dealKey ?? 0n)));
    expect(told.steps.find(({ step }) => step === 'earning')?.figures).toMatchObject({
      'JPY to USD': 'USD/JPY 151.37 (bank, 2026-03-09T15:00:00.000Z)',
    });
    await replayed();
  });

  it.skipIf(!existsSync(ECB))(
    'converts by the history of the ECB: on a Sunday by the rates of Friday, and waits once they are too old',
    async () => {
      await open({ model: { kind: 'pips' }, budget: '0.6' });
      const closing = (day: string) =>
        brokerage.deal({ symbol: 'USDJPY', lots: '1.20', closedAt: new Date(day), heldMs: 60_000 });
      await acme.inTenant((tx) => importRates(tx, ecbQuotations(readFileSync(ECB, 'utf8'))));
      await brokerage.feed([closing('2018-12-30T23:30:00Z'), closing('2019-01-05T15:00:01Z')].flat());
      expect(await brokerage.book()).toMatchObject({ booked: 1, parked: 1 });
      // 720 JPY by EUR/JPY 126.4 and EUR/USD 1.1454 of Friday 2018-12-28: 720 / 126.4 x 1.1454.
      expect((await rows()).map(({ units }) => units)).toEqual([6_524_430n]);
      const [waiting] = await acme.inTenant((tx) => parkedDeals(tx, { limit: 10 }));
      expect(waiting?.code).toBe('commissions.rate_stale'); // 120 hours after the last of 2018.
      await replayed();
    },
  );

  it('measures a million by the dollars of the base currency', async () => {
    await open({ model: { kind: 'per_million' }, budget: '5' });
    await brokerage.feed(brokerage.deal({ lots: '2' }));
    const quotation = { base: 'EUR', quote: 'USD', rate: '1.10', source: 'ecb', at: new Date('2026-03-09T15:00:00Z') };
    await acme.inTenant((tx) => importRates(tx, [quotation]));
    await brokerage.book();
    expect((await rows()).map(({ units }) => units)).toEqual([1_100_000n]);
    await replayed();
  });

  it('parks a trade of whose prices nothing is known', async () => {
    await open({ model: { kind: 'spread_share', spread: 'close', limits: [] }, budget: '25' });
    await brokerage.feed(brokerage.deal());
    expect(await brokerage.book()).toMatchObject({ parked: 1, booked: 0 });
  });

  it('keeps nothing of it where the plan looks at nothing', async () => {
    await open({});
    await brokerage.feed(brokerage.deal());
    await brokerage.book();
    expect((await rows()).map(({ execution }) => execution)).toEqual([null]);
  });
});
