import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explain } from '../../src/commissions/index.ts';
import { ratesInText, ratesText } from '../../src/commissions/inputs/wishes.ts';
import { type LookedAt, mendParked } from '../../src/commissions/mending/service.ts';
import { recompute } from '../../src/commissions/replay/service.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { decodeId, type DealId } from '../../src/kernel/ids.ts';
import { importRates, parkedDeals, type RawDeal, setOpenByHand } from '../../src/trading/index.ts';
import { type Brokerage, openBrokerage } from '../support/brokerage.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const USD = Currency.parse('USD');
let acme: TestTenant;
let brokerage: Brokerage;
const parked = () => acme.inTenant((tx) => parkedDeals(tx, { limit: 10 }));
const proven = async (): Promise<void> => expect((await acme.inTenant((tx) => recompute(tx))).findings).toEqual([]);

describe('A parked deal whose open the feed does not bring', () => {
  beforeAll(async () => {
    acme = await openTestTenant();
    brokerage = await openBrokerage(acme, {
      plan: {
        filters: [
          { kind: 'minimum_time_open', seconds: 60 },
          { kind: 'minimum_movement', spreads: '2.5' },
          { kind: 'open_reason', mode: 'deny', list: ['expert'] },
        ],
      },
    });
  });
  afterAll(() => acme.close());

  /** A close without its open, and without the price of it. */
  const closing = (closedAt: Date): RawDeal => {
    const { PricePosition: _price, ...deal } = brokerage.deal({ closedAt }).at(-1) ?? {};
    return { ...deal, MarketBid: '1.08510', MarketAsk: '1.08520' };
  };
  const set = (dealId: DealId, said: Partial<Parameters<typeof setOpenByHand>[1]>) =>
    acme.inTenant((tx) =>
      setOpenByHand(tx, { dealId, openedAt: new Date('2026-03-10T10:00:00Z'), reason: 'by the statement', ...said }),
    );
  const waiting = async (closedAt: string): Promise<DealId> => {
    await brokerage.feed([closing(new Date(closedAt))]);
    expect(await brokerage.book()).toMatchObject({ parked: 1 });
    const id = (await parked()).at(-1)?.id;
    if (id === undefined) throw new Error('it is parked');
    return id;
  };

  it('is booked by what somebody says, with the reason, and told so', async () => {
    const dealId = await waiting('2026-03-10T10:01:00Z');
    const { due } = await set(dealId, { price: '1.08440', openReason: 17 });
    expect(due).toEqual([decodeId(dealId)]);
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
    const told = await acme.inTenant((tx) => explain(tx, dealId));
    expect(told).toMatchObject({
      openedAt: '2026-03-10T10:00:00.000Z',
      openByHand: { reason: 'by the statement', by: 'test' },
      earning: { amount: '8.00' },
    });
    expect(told.steps.filter(({ step }) => step === 'filter').map(({ figures }) => figures)).toMatchObject([
      { heldMs: '60000' },
      { openPrice: '1.08440' },
      { openReason: 'web' },
    ]);
    await proven();
  });

  it('is judged by it: a minute less is refused', async () => {
    const dealId = await waiting('2026-03-10T10:00:59Z');
    await set(dealId, {});
    expect(await brokerage.book()).toMatchObject({ unpaid: 1 });
    expect((await acme.inTenant((tx) => explain(tx, dealId))).reason?.code).toBe('below_minimum_time');
    await proven();
  });

  it('waits on for what nobody said, and is asked for it', async () => {
    const dealId = await waiting('2026-03-10T12:00:00Z');
    await set(dealId, { price: '1.08440' });
    expect(await brokerage.book()).toMatchObject({ parked: 1 });
    expect((await parked()).at(-1)).toMatchObject({ code: 'commissions.open_reason_unknown' });
    await set(dealId, { price: '1.08440', openReason: 0 }); // What was said last counts.
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
    await proven();
  });

  it('is not said of a deal that waits for nothing of the kind, nor after its close', async () => {
    const dealId = await waiting('2026-03-10T13:00:00Z');
    await expect(set(dealId, { openedAt: new Date('2026-03-10T13:00:00.001Z') })).rejects.toMatchObject({
      code: 'trading.open_after_close',
    });
    await set(dealId, { price: '1.08440', openReason: 0 });
    await expect(set(dealId, {})).rejects.toMatchObject({ code: 'trading.deal_not_parked' });
  });
});

describe('A parked deal that waits for a rate', () => {
  beforeAll(async () => {
    acme = await openTestTenant();
    brokerage = await openBrokerage(acme, {
      plan: {
        model: { kind: 'pips' },
        budget: '1',
        levels: { kind: 'fixed_by_level', unit: 'percent', levels: ['50'] },
      },
      seed: {
        clients: [{ name: 'Yuki', ib: 3, accounts: [{ login: 900_001n, group: 'real\\standard', currency: USD }] }],
      },
    });
  });
  afterAll(() => acme.close());
  const lookedAt: LookedAt = new Map();
  const mend = () => acme.inTenant((tx) => mendParked(tx, lookedAt));
  const quoted = (rate: string, at: string) =>
    acme.inTenant((tx) => importRates(tx, [{ base: 'USD', quote: 'JPY', rate, source: 'test', at: new Date(at) }]));

  it('says which, and is put back when it has come, and not before', async () => {
    await brokerage.feed(brokerage.deal({ symbol: 'USDJPY', closedAt: new Date('2026-03-10T10:00:00Z') }));
    expect(await brokerage.book()).toMatchObject({ parked: 1 });
    expect(await parked()).toMatchObject([
      { code: 'commissions.rate_missing', detail: 'JPY to USD as of 2026-03-10T10:00:00.000Z, 120 h old at most' },
    ]);
    expect(await mend()).toBe(0);
    await quoted('151.37', '2026-03-11T15:00:00Z'); // After its close.
    expect(await mend()).toBe(0);
    await quoted('150.00', '2026-03-04T15:00:00Z'); // Too old.
    expect(await mend()).toBe(0);
    await quoted('151.37', '2026-03-09T15:00:00Z');
    expect(await mend()).toBe(1);
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
    expect(await mend()).toBe(0);
    await proven();
  });

  it('too old a one, likewise', async () => {
    await brokerage.feed(brokerage.deal({ symbol: 'USDJPY', closedAt: new Date('2026-04-10T10:00:00Z') }));
    await brokerage.book();
    expect(await parked()).toMatchObject([{ code: 'commissions.rate_stale' }]);
    expect(await mend()).toBe(0);
    await quoted('152.00', '2026-04-09T15:00:00Z');
    expect(await mend()).toBe(1);
    expect(await brokerage.book()).toMatchObject({ booked: 1 });
  });

  it('the words of what is missing are read as they are written', () => {
    const missing = [
      { from: 'JPY', to: 'USD', at: new Date('2026-03-10T10:00:00Z'), ageMsMax: 432_000_000 },
      { from: 'EUR', to: 'USD', at: new Date('2026-03-10T10:00:00Z'), ageMsMax: 432_000_000 },
    ];
    expect(ratesInText(ratesText(missing))).toEqual(missing);
    expect(ratesInText('engine')).toEqual([]);
  });
});
