import { afterAll, describe, expect, it } from 'vitest';
import { importRates, type RawDeal } from '../../src/trading/index.ts';
import { LOGINS, openPeriodStory as openStory, UTC } from './period-story.ts';

const APRIL = { upTo: UTC('2026-04-01T00:00:00') };
const AT = UTC('2026-03-10T12:00:00');
const revenue = { name: 'revenue', model: { kind: 'net_revenue', period: 'month', share: '30' } };

describe('A period of which something is not known', () => {
  const stories: Awaited<ReturnType<typeof openStory>>[] = [];
  const open = async (...given: Parameters<typeof openStory>) => {
    const story = await openStory(...given);
    stories.push(story);
    return story;
  };
  afterAll(async () => {
    for (const story of stories) await story.close();
  });

  it('waits for the quote of a close, nothing of it is awarded, and it settles when the server tells it', async () => {
    const story = await open([revenue]);
    const [opening, close] = story.trade(AT, { Commission: '-10' });
    if (opening === undefined || close === undefined) throw new Error('a position has two deals');
    const { MarketBid: _bid, MarketAsk: _ask, ...without }: RawDeal = close;
    await story.feed(opening, without, ...story.trade(AT, { Commission: '-90' }));
    for (let round = 0; round < 2; round += 1) {
      expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 0, waiting: 1 });
      expect(await story.waiting()).toEqual([{ unit: 'month', code: 'commissions.price_unknown' }]);
      expect(await story.awards()).toEqual([]);
    }
    await story.update({ ...close, MarketBid: '1.08400', MarketAsk: '1.08500' });
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 1, waiting: 0 });
    // 100 of spread and 100 of commission, at 30 %.
    expect((await story.awards()).map(([, amount]) => amount)).toEqual(['60.00']);
    expect(await story.waiting()).toEqual([]);
  });

  it('waits for a rate that is not too old, and settles when one of those days is there', async () => {
    const story = await open([revenue], undefined, { rateAgeHoursMax: 24 });
    const rate = { base: 'EUR', quote: 'USD', source: 'ecb' };
    await story.inTenant((tx) => importRates(tx, [{ ...rate, rate: '1.20', at: UTC('2026-03-02T14:00:00') }]));
    await story.feed(...story.trade(AT, { Commission: '-100' }, '1', LOGINS.euro));
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 0, waiting: 1 });
    expect(await story.waiting()).toEqual([{ unit: 'month', code: 'commissions.rate_stale' }]);
    await story.inTenant((tx) => importRates(tx, [{ ...rate, rate: '1.10', at: UTC('2026-03-10T11:00:00') }]));
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 1, waiting: 0 });
    expect((await story.awards()).map(([, amount]) => amount)).toEqual(['33.00']);
    expect(await story.waiting()).toEqual([]);
  });

  it('waits with its ladder as well: a deposit whose rate is too old pays no step, and does when one is there', async () => {
    const tables = [{ steps: [{ deposits: '200', pays: '60' }] }];
    const story = await open([{ name: 'cpa', model: { kind: 'cpa', tables } }], undefined, { rateAgeHoursMax: 24 });
    const rate = { base: 'EUR', quote: 'USD', source: 'ecb' };
    await story.inTenant((tx) => importRates(tx, [{ ...rate, rate: '1.20', at: UTC('2026-03-02T14:00:00') }]));
    await story.feed(story.money(2, '200', AT, LOGINS.euro));
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 0, waiting: 1 });
    expect(await story.waiting()).toEqual([{ unit: 'ever', code: 'commissions.rate_stale' }]);
    await story.inTenant((tx) => importRates(tx, [{ ...rate, rate: '1.10', at: UTC('2026-03-10T11:00:00') }]));
    expect(await story.look(APRIL)).toEqual({ clients: 1, awards: 1, waiting: 0 });
    expect((await story.awards()).map(([, amount]) => amount)).toEqual(['60.00']);
  });
});
