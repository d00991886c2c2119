import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createPlan, draftVersion, explain, listPlans, publishVersion } from '../../src/commissions/index.ts';
import { carryOutAmendments } from '../../src/commissions/amendments/service.ts';
import { recompute } from '../../src/commissions/replay/service.ts';
import { verifyBookings } from '../../src/commissions/verify/service.ts';
import { relinkClient } from '../../src/ib/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { listTrades, tradeWithin } from '../../src/commissions/trades/service.ts';
import { dealIdOf, tradeIdOf } from '../../src/kernel/ids.ts';
import { reachesEverything } from '../../src/platform/access.ts';
import { query } from '../../src/platform/query.ts';
import { mapSymbols, type RawDeal, verifyFeed } from '../../src/trading/index.ts';
import { DEMO_SYMBOLS } from '../../seeds/market.ts';
import type { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const booked = query(
  'test.booked_volumes',
  z.object({ dealKey: z.bigint(), ticket: z.bigint(), units: z.bigint(), reason: z.string().nullable() }),
  `
  select b.deal_key as "dealKey", d.ticket, b.earning_units as units, u.reason
    from commissions.bookings b
    join trading.deals d on d.key = b.deal_key
    left join commissions.unpaid u on u.deal_key = b.deal_key and u.component = -1
   order by d.ticket`,
);
const handlings = query(
  'test.handlings',
  z.object({ handling: z.string(), count: z.int() }),
  `select handling, count(*)::integer as count from trading.deals group by handling order by handling`,
);

const USD = Currency.parse('USD');
const planOf = (more: Partial<PlanDefinition>, component: Partial<PlanDefinition['components'][number]> = {}) => ({
  currency: USD,
  ...more,
  components: [
    {
      name: 'lots',
      model: { kind: 'per_lot' as const },
      levels: { kind: 'differential' as const, suspension: 'roll-up' as const },
      rules: [{ name: 'everything', budget: '8.00' }],
      traderRebate: '0',
      filters: [],
      ...component,
    },
  ],
});

let acme: TestTenant;
let brokerage: Brokerage;
afterEach(() => acme.close());
async function open(...plan: Parameters<typeof planOf>): Promise<void> {
  acme = await openTestTenant();
  const plans = [{ name: 'Per lot', definition: planOf(...plan), master: undefined }];
  brokerage = await openBrokerage(acme, { seed: { plans } });
}
const rows = async () =>
  (await acme.inTenant((tx) => booked(tx, {}))).map(({ units, reason }) => reason ?? Number(units) / 1_000_000);
const proven = async (): Promise<void> => {
  expect((await acme.inTenant((tx) => recompute(tx))).findings).toEqual([]);
  expect((await acme.inTenant((tx) => verifyBookings(tx))).findings).toEqual([]);
  expect(await acme.inTenant((tx) => verifyFeed(tx))).toEqual([]);
};
/** A reversal of the position that a deal closes: it closes a lot and opens half of one. */
const reversing = (closing: RawDeal | undefined): RawDeal => ({
  ...closing,
  Entry: 2,
  VolumeExt: '150000000',
  VolumeClosedExt: '100000000',
});

describe('A plan names which volume of a deal counts', () => {
  it('closes: deals that only open wait for nobody, are no trades and cost nothing', async () => {
    await open({});
    const [opening, closing] = brokerage.deal();
    await brokerage.feed([opening ?? {}, reversing(closing)]);
    expect(await brokerage.book()).toMatchObject({ claimed: 1, booked: 1 });
    expect(await rows()).toEqual([8]);
    expect(await acme.inTenant((tx) => handlings(tx, {}))).toEqual([
      { handling: 'due', count: 1 },
      { handling: 'kept', count: 1 },
    ]);
    await proven();
  });

  it('opens: what is opened earns, of a reversal the opening part, and a close says why it does not', async () => {
    await open({ counts: 'open' });
    const [opening, closing] = brokerage.deal({ lots: '1' });
    await brokerage.feed([opening ?? {}, reversing(closing), ...brokerage.deal({ lots: '2' })]);
    expect(await brokerage.book()).toMatchObject({ claimed: 4, booked: 3, unpaid: 1 });
    expect(await rows()).toEqual([8, 4, 16, 'close_not_counted']);
    await proven();
  });

  it('both: each leg earns by itself, and of a reversal both parts', async () => {
    await open({ counts: 'both' });
    const [opening, closing] = brokerage.deal({ lots: '1' });
    await brokerage.feed([opening ?? {}, reversing(closing), ...brokerage.deal({ lots: '2' })]);
    expect(await brokerage.book()).toMatchObject({ claimed: 4, booked: 4 });
    expect(await rows()).toEqual([8, 12, 16, 16]);
    await proven();
  });

  it('both: each leg is charged with its own commission alone', async () => {
    const rules = [{ name: 'everything', budget: '25' }];
    const levels = { kind: 'fixed_by_level' as const, unit: 'percent' as const, levels: ['100'] };
    await open({ counts: 'both' }, { model: { kind: 'commission_share' }, rules, levels });
    const [opening, closing] = brokerage.deal({ lots: '1' });
    await brokerage.feed([
      { ...opening, Commission: '-6.00' },
      { ...closing, Commission: '-2.00' },
    ]);
    await brokerage.book();
    expect(await rows()).toEqual([1.5, 0.5]);
    await proven();
  });

  it('opens: only where such a plan holds; an opening deal of another time is no trade', async () => {
    await open({});
    const planId = await acme.inTenant((tx) => createPlan(tx, { name: 'Opens' }));
    await acme.inTenant((tx) => draftVersion(tx, { planId, definition: planOf({ counts: 'open' }) }));
    await brokerage.feed(brokerage.deal());
    expect(await brokerage.book()).toMatchObject({ claimed: 2, booked: 1, unpaid: 0 });
    expect(await rows()).toEqual([8]);
    const page = { limit: 10, sort: '-closedAt' as const };
    const listed = await acme.inTenant((tx) => listTrades(tx, { reach: reachesEverything, filter: {}, page }));
    expect(listed.rows).toHaveLength(1);
    await proven();
  });

  it('a trade of an opening deal is explained like any other', async () => {
    await open({ counts: 'open' }, { filters: [{ kind: 'open_reason', mode: 'deny', list: ['expert'] }] });
    const [opening] = brokerage.deal({ lots: '1' });
    const [other] = brokerage.deal({ lots: '1' });
    await brokerage.feed([
      { ...opening, Reason: 1 },
      { ...other, Reason: 17 },
    ]);
    expect(await brokerage.book()).toMatchObject({ claimed: 2, booked: 1, unpaid: 1 });
    expect(await rows()).toEqual(['open_reason_excluded', 8]);
    const [first] = await acme.inTenant((tx) => booked(tx, {}));
    const told = await acme.inTenant((tx) => explain(tx, dealIdOf(first?.dealKey ?? 0n)));
    expect(told.reason?.sentence).toBe('The plan does not pay for positions that were opened this way.');
    expect(told.lots).toBe('1.00');
    const page = { limit: 10, sort: '-closedAt' as const };
    const { rows: trades } = await acme.inTenant((tx) =>
      listTrades(tx, { reach: reachesEverything, filter: {}, page }),
    );
    expect(trades.map(({ state, reason, trade }) => [state, reason, trade.openedVolume])).toEqual([
      ['booked', null, 100_000_000n],
      ['unpaid', 'open_reason_excluded', 100_000_000n],
    ]);
    const tradeId = tradeIdOf(first?.dealKey ?? 0n);
    expect((await acme.inTenant((tx) => tradeWithin(tx, reachesEverything, tradeId))).state).toBe('unpaid');
    await proven();
  });
});

describe('What the feed says of an opening deal afterwards', () => {
  const amended = (opening: RawDeal | undefined) => ({ ...opening, VolumeExt: '300000000' });
  const carriedOut = () => acme.inTenant((tx) => carryOutAmendments(tx, brokerage.memory.books, { after: 0n }));

  it('is booked anew where opens count', async () => {
    await open({ counts: 'open' });
    const [opening] = brokerage.deal({ lots: '1' });
    await brokerage.feed([opening ?? {}]);
    await brokerage.book();
    await brokerage.tell([{ type: 'deal.update', deal: amended(opening) }]);
    expect(await carriedOut()).toMatchObject({ corrected: 1 });
    const all = await acme.inTenant((tx) => booked(tx, {}));
    expect(all.map(({ units }) => units)).toEqual([8_000_000n, 24_000_000n]);
    await proven();
  });

  it('is no trade before or after where it does not', async () => {
    await open({});
    const planId = await acme.inTenant((tx) => createPlan(tx, { name: 'Opens' }));
    await acme.inTenant((tx) => draftVersion(tx, { planId, definition: planOf({ counts: 'open' }) }));
    const [opening] = brokerage.deal({ lots: '1' });
    await brokerage.feed([opening ?? {}]);
    await brokerage.book();
    await brokerage.tell([{ type: 'deal.update', deal: amended(opening) }]);
    await carriedOut();
    expect(await acme.inTenant((tx) => booked(tx, {}))).toEqual([]);
    await proven();
  });
});

describe('A plan may take all as of the open', () => {
  const minute = 60_000;

  it('tree and symbol are those of the open, and the rates of agreements too', async () => {
    await open({ asOf: 'open' }, { rules: [{ name: 'majors', symbolGroup: 'fx', budget: '8.00' }] });
    const lena = brokerage.ibs.get('Lena');
    if (lena === undefined) throw new Error('the chain has Lena');
    const moveAt = new Date(Date.now() + 5 * minute);
    await acme.inTenant((tx) =>
      relinkClient(tx, { clientKey: 1, ibId: lena.id, effectiveAt: moveAt, reason: 'asked for' }),
    );
    const [euro] = DEMO_SYMBOLS.filter(({ rawName }) => rawName === 'EURUSD');
    if (euro === undefined) throw new Error('the demo has euros');
    const symbols = [{ ...euro, symbolGroup: 'exotics' }];
    await acme.inTenant((tx) => mapSymbols(tx, { server: 'Test-Live', symbols, validFrom: moveAt }));
    const closedAt = new Date(moveAt.getTime() + minute);
    await brokerage.feed([
      ...brokerage.deal({ closedAt, heldMs: minute + 1 }), // Opened a millisecond before the move.
      ...brokerage.deal({ closedAt, heldMs: minute }),
    ]);
    expect(await brokerage.book()).toMatchObject({ claimed: 2, booked: 1, unpaid: 1 });
    expect(await rows()).toEqual([8, 'symbol_unmatched']);
    const chains = await acme.inTenant(async (tx) => {
      const found: string[][] = [];
      for (const { dealKey } of await booked(tx, {}))
        found.push((await explain(tx, dealIdOf(dealKey))).chain.map(({ name }) => name));
      return found;
    });
    expect(chains).toEqual([
      ['Kim', 'Lena', 'Omar', 'Maria'],
      ['Lena', 'Omar', 'Maria'],
    ]);
    await proven();
  });

  it('a version that holds at the close sends to the one that held at the open', async () => {
    await open({ asOf: 'open' });
    const dearer = planOf({ asOf: 'open' }, { rules: [{ name: 'everything', budget: '10.00' }] });
    const [plan] = await acme.inTenant(listPlans);
    if (plan === undefined) throw new Error('there is a plan');
    const planId = plan.id;
    const number = await acme.inTenant((tx) => draftVersion(tx, { planId, definition: dearer }));
    const since = await acme.inTenant((tx) => publishVersion(tx, { planId, number }));
    const closedAt = new Date(since.getTime() + minute);
    await brokerage.feed([
      ...brokerage.deal({ closedAt, heldMs: minute + 1 }),
      ...brokerage.deal({ closedAt, heldMs: minute }),
    ]);
    await brokerage.book();
    expect(await rows()).toEqual([8, 10]);
    await proven();
  });

  it('a trade whose open is not known waits for it', async () => {
    await open({ asOf: 'open' });
    const [, closing] = brokerage.deal();
    await brokerage.feed([closing ?? {}]);
    expect(await brokerage.book()).toMatchObject({ claimed: 1, parked: 1 });
  });
});
