import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { factsOfPeriods } from '../../src/commissions/facts/store.ts';
import { laddersOfClients } from '../../src/commissions/ladders/store.ts';
import { PlanBooks } from '../../src/commissions/plans/store.ts';
import { moneyOperationsOf } from '../../src/trading/index.ts';
import { byText, openPeriodStory as openStory, UTC } from './period-story.ts';

const TRADES = 5;
const MARCH = { from: UTC('2026-03-01T00:00:00'), to: UTC('2026-04-01T00:00:00') };
const DAY = { from: UTC('2026-03-10T00:00:00'), to: UTC('2026-03-11T00:00:00') };

describe('A client of whom there is more than is read at once', () => {
  let story: Awaited<ReturnType<typeof openStory>>;
  let clientKey = 0;
  beforeAll(async () => {
    const gates = { lots: '2' };
    const tables = [{ steps: [{ deposits: '200', pays: '60' }] }];
    story = await openStory(
      [
        { name: 'revenue', model: { kind: 'net_revenue', period: 'month', share: '30' } },
        { name: 'daily', model: { kind: 'net_revenue', period: 'day', share: '1', parts: ['commission'] } },
        { name: 'cpa', model: { kind: 'cpa', tables, gates } },
      ],
      '1.00',
    );
    const at = UTC('2026-03-10T12:00:00'); // All at one instant: a page may end in the middle of it.
    for (let trade = 0; trade < TRADES; trade += 1)
      await story.feed(
        ...story.trade(at, { Commission: '-10', MarketBid: '1.08400', MarketAsk: '1.08500' }),
        story.money(6, '3', at),
        story.money(2, '100', at),
      );
    clientKey = await story.clientKey(0);
  });
  afterAll(() => story.close());

  it.each([1, 2, TRADES, 1_000])('is read to the end by pages of %i', async (page) => {
    const period = { clientKey, ...MARCH, currency: 'USD' };
    const [facts] = await story.inTenant((tx) =>
      factsOfPeriods(tx, [period], { closes: page, deals: page, money: page }),
    );
    expect(facts?.unknown).toEqual([]);
    expect(facts?.lines.map(({ part, amount, items }) => [part, Number(amount), items])).toEqual([
      ['spread', 500, TRADES],
      ['commission', 50, TRADES],
      ['rebates', 5, TRADES],
      ['bonuses', 15, TRADES],
    ]);
    const operations = await story.inTenant((tx) => moneyOperationsOf(tx, { clientKeys: [clientKey], page }));
    expect(operations.map(({ kind }) => kind).toSorted()).toEqual([
      ...Array.from({ length: TRADES }, () => 'bonus'),
      ...Array.from({ length: TRADES }, () => 'deposit'),
    ]);
  });

  it('counts in its day, and in the month as well', async () => {
    const periods = [DAY, MARCH].map((range) => ({ clientKey, ...range, currency: 'USD' }));
    const facts = await story.inTenant((tx) => factsOfPeriods(tx, periods));
    expect(facts[0]?.lines).toHaveLength(4);
    expect(facts[0]).toEqual(facts[1]);
  });

  it('has a period wait by its code whose lines are too many, and never a part of it awarded', async () => {
    const period = { clientKey, ...MARCH, currency: 'USD' };
    const bounds = { closes: 1_000, deals: 1_000, money: 1_000, lines: 2 };
    const [facts] = await story.inTenant((tx) => factsOfPeriods(tx, [period], bounds));
    expect(facts?.unknown).toContainEqual({ part: 'bonuses', code: 'commissions.period_too_large' });
  });

  it.each([
    [{ deposits: TRADES - 1, trades: 100 }, 0],
    [{ deposits: 100, trades: TRADES - 1 }, 0],
    [{ deposits: TRADES, trades: TRADES }, 1],
  ])('has a ladder wait by its code of which there is more than %o', async (bounds, expected) => {
    const { ladders, waiting } = await story.inTenant(async (tx) =>
      laddersOfClients(tx, await new PlanBooks().read(tx), [clientKey], { atMs: Date.now() }, bounds),
    );
    expect(ladders).toHaveLength(expected);
    expect(waiting).toEqual(
      expected === 1 ? [] : [{ clientKey, component: 'cpa', code: 'commissions.period_too_large' }],
    );
  });

  it('is awarded by all of it', async () => {
    await story.look({ upTo: MARCH.to });
    // (500 + 50 - 5 - 15) x 30 %; 50 x 1 %; the step of 200, and 5 lots.
    expect((await story.awards()).map(([kind, amount]) => [kind, amount]).toSorted(byText)).toEqual([
      ['cpa', '60.00'],
      ['net_revenue', '0.50'],
      ['net_revenue', '159.00'],
    ]);
    expect(await story.waiting()).toEqual([]);
  });
});
