import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccounts } from '../../src/clients/index.ts';
import { recordCosts } from '../../src/commissions/costs/service.ts';
import { relinkClient } from '../../src/ib/index.ts';
import { verifyTenant } from '../../src/ops/index.ts';
import { importRates } from '../../src/trading/index.ts';
import { USD, usd } from '../ledger/support.ts';
import { LOGINS, openPeriodStory as openStory, UTC } from './period-story.ts';

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
