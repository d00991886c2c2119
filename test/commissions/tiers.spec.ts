import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Standing, dayOf, monthOf } from '../../src/commissions/counters/rules.ts';
import type { CounterName } from '../../src/commissions/counters/types.ts';
import { computeBatch, computeTrade, looksSeen } from '../../src/commissions/engine/rules.ts';
import type { TradeInput, TradeResult } from '../../src/commissions/engine/types.ts';
import type { NaiveAdjuster, NaiveFacts, NaiveModel } from '../../src/commissions/naive/types.ts';
import { parseDecimal, rescale } from '../../src/kernel/decimal.ts';
import { executed, inputOf, oneLot, percentages, perLotPlan, upline } from '../support/commission-story.ts';

type Tier = Extract<NaiveAdjuster, { kind: 'tier' }>;
type Facts = Partial<Omit<NaiveFacts, 'plan'>>;

const BREAKS = [{ upTo: '100', rate: '5' }, { upTo: '500', rate: '6' }, { rate: '7' }];
const tier = (words: Partial<Tier> & Pick<Tier, 'mode'>): Tier => ({
  kind: 'tier',
  by: 'lots',
  tiers: BREAKS,
  ...words,
});

/** A trade under a per-lot plan of budget 7.00 with these adjusters, all of whose earning is its direct IB's. */
const trade = (adjusters: NaiveAdjuster[], words: Facts = {}, dealKey = 1n, model?: NaiveModel): TradeInput => ({
  ...inputOf(
    {
      ...oneLot,
      chain: upline('-'),
      ...words,
      plan: perLotPlan('7.00', percentages('100'), { adjusters, ...(model !== undefined && { model }) }),
    },
    dealKey,
  ),
  planKey: PLAN,
});

const units = (text: string, digits = 12): bigint => rescale(parseDecimal(text), digits) ?? -1n;
const usd = (text: string): bigint => units(text, 6);
const own = (result: TradeResult | undefined): bigint | string => {
  if (result?.kind === 'booked') return result.earningUnits;
  return result?.kind === 'unpaid' ? result.reason : (result?.code ?? 'nothing');
};

const LOTS: CounterName = { component: 'rebate', measure: 'lots', owner: 1, subject: '' };
const PLAN = 1;
const DAY = dayOf(oneLot.closedAtMs);
/** Counters at which a component stood before, on the day of the trade. */
const done = (lots: string, name: CounterName = LOTS): Standing => {
  const standing = new Standing();
  standing.stand(PLAN, name, DAY, units(lots));
  return standing;
};

describe('Rates 5 up to 100 lots, 6 up to 500, 7 above; 495 done; a trade of 20 lots', () => {
  it.each([
    ['marginal', '135'],
    ['step', '120'],
    ['retroactive', '140'],
    ['marginal_then_trued_up', '135'],
  ] as const)('%s: %s', (mode, amount) => {
    expect(own(computeBatch([trade([tier({ mode })], { lots: '20' })], done('495'))[0])).toBe(usd(amount));
  });

  /** Trades of so many lots, all of one month, and what they come to when they are brought to the tier that was reached. */
  const truedUp = (mode: Tier['mode'], ...lots: string[]) => {
    const trades = lots.map((each, place) => trade([tier({ mode })], { lots: each }, BigInt(place + 1)));
    const standing = new Standing();
    const first = computeBatch(trades, standing);
    const whole = trades.map((each, place) => {
      const result = first[place];
      const seen = result?.kind === 'booked' ? (result.counted?.standing.seen ?? []) : [];
      return computeTrade({ ...each, standing: { seen, again: looksSeen(each, standing) } });
    });
    return { first, whole };
  };
  const total = (results: readonly TradeResult[]): bigint =>
    results.reduce((all, result) => all + (result.kind === 'booked' ? result.earningUnits : 0n), 0n);

  it('retroactive: 635, of which 140 is the trade’s own and 495 the true-up of what came before', () => {
    const before = truedUp('retroactive', '95', '400'); // 495 x 6 = 2970 booked so far.
    expect(total(before.whole)).toBe(usd('2970'));
    const after = truedUp('retroactive', '95', '400', '20');
    expect(own(after.first[2])).toBe(usd('140'));
    expect(total(after.whole) - total(before.whole)).toBe(usd('635'));
    expect(total(after.whole.slice(0, 2)) - total(before.whole)).toBe(usd('495'));
    expect(total(after.whole)).toBe(usd('3605')); // 515 x 7.
  });

  it('booked marginally and trued up at the period’s end: 600', () => {
    const { first, whole } = truedUp('marginal_then_trued_up', '495', '20');
    expect(first.map(own)).toEqual([usd('2870'), usd('135')]);
    expect(total(whole) - total(first)).toBe(usd('600'));
  });

  it('a true-up is a component of its own of each earlier trade, to its chain and its client, and the budget holds after it', () => {
    const plan = perLotPlan('7.00', percentages('60', '20'), {
      adjusters: [tier({ mode: 'retroactive' })],
      traderRebate: '30',
    });
    const facts = { ...oneLot, lots: '50', chain: upline('-', '-'), plan };
    const result = computeTrade({ ...inputOf(facts), standing: { seen: [[0n]], again: [[units('515')]] } });
    if (result.kind !== 'booked') throw new Error('it pays');
    expect(result.earningUnits).toBe(usd('350')); // 50 x 7, the budget.
    const rows = result.rebates.map(({ component, kind, beneficiary, units: part }) => [
      component,
      kind,
      beneficiary,
      part,
    ]);
    expect(rows).toEqual([
      [0, 'ib', 1, usd('105')],
      [0, 'client', 77, usd('45')],
      [0, 'ib', 2, usd('50')],
      [0, 'house', 0, usd('50')],
      [32, 'ib', 1, usd('42')],
      [32, 'client', 77, usd('18')],
      [32, 'ib', 2, usd('20')],
      [32, 'house', 0, usd('20')],
    ]);
  });
});

describe('A tier', () => {
  it.each([
    ['0', '100', '500'],
    ['99', '1', '5'],
    ['100', '1', '6'],
    ['499.99', '0.01', '0.06'],
    ['500', '1', '7'],
    ['99.5', '1', '5.5'],
    ['0', '600', '3600'],
  ])('holds up to and including its limit: after %s lots %s pay %s', (before, lots, amount) => {
    const mode = 'marginal';
    expect(own(computeBatch([trade([tier({ mode })], { lots })], done(before))[0])).toBe(usd(amount));
  });

  it.each([
    ['step', '100', '5'],
    ['step', '100.01', '6'],
    ['retroactive', '99', '5'],
    ['retroactive', '99.01', '6'],
  ] as const)('%s after %s lots: a lot pays %s', (mode, before, amount) => {
    expect(own(computeBatch([trade([tier({ mode })])], done(before))[0])).toBe(usd(amount));
  });

  it('counts lots after the lot factor of the account group', () => {
    const standing = done('0');
    computeBatch([trade([tier({ mode: 'step' })], { lots: '100', lotFactor: '0.4' })], standing);
    expect(standing.added().map(({ count }) => count.units)).toEqual([units('40')]);
  });

  it('counts nothing of a refused trade', () => {
    const refused = inputOf({
      ...oneLot,
      chain: upline('-'),
      plan: perLotPlan('7.00', percentages('100'), {
        adjusters: [tier({ mode: 'marginal' })],
        filters: [{ kind: 'minimum_time_open', seconds: 86_400 }],
      }),
    });
    const standing = new Standing();
    expect(own(computeBatch([refused], standing)[0])).toBe('below_minimum_time');
    expect(standing.added()).toEqual([]);
  });

  it('counts the volume of the direct IB, or of the whole plan', () => {
    const ofTwo = (of: 'ib' | 'plan') =>
      computeBatch([
        trade([tier({ mode: 'marginal', of })], { lots: '100' }, 1n),
        trade([tier({ mode: 'marginal', of })], { chain: [{ ibKey: 9, status: 'active', terms: undefined }] }, 2n),
      ]).map(own);
    expect(ofTwo('ib')).toEqual([usd('500'), usd('5')]);
    expect(ofTwo('plan')).toEqual([usd('500'), usd('6')]);
  });

  it('of notional counts dollars, and splits a trade by them', () => {
    const tiers = [{ upTo: '500000', rate: '5' }, { rate: '7' }];
    const execution = executed({
      baseCurrency: 'EUR',
      conversions: [
        {
          from: 'EUR',
          to: 'USD',
          rows: [{ key: '1', rate: '1.1', base: 'EUR', quote: 'USD', source: 'ecb', at: '', ageMs: 0 }],
        },
      ],
    });
    const by = { by: 'notional', mode: 'marginal', tiers } as const;
    // 10 lots are 1 100 000 dollars: 5/11 of them at 5, 6/11 at 7.
    expect(own(computeBatch([trade([tier(by)], { lots: '10', execution })])[0])).toBe(usd('60.909091'));
  });

  it('of active clients goes by how many there are when the trade starts', () => {
    const tiers = [{ upTo: '2', rate: '5' }, { rate: '7' }];
    const by = { by: 'active_clients', mode: 'step', tiers } as const;
    const of = (clientKey: number) => trade([tier(by)], { clientKey });
    expect(computeBatch([1, 1, 2, 3, 3, 4].map(of)).map(own)).toEqual(['5', '5', '5', '5', '7', '7'].map(usd));
  });

  it('of deposits goes by what clients paid in', () => {
    const tiers = [{ upTo: '1000', rate: '5' }, { rate: '7' }];
    const by = { by: 'deposits', mode: 'step', tiers } as const;
    const name: CounterName = { ...LOTS, measure: 'deposits' };
    expect(own(computeBatch([trade([tier(by)])], done('1000', name))[0])).toBe(usd('5'));
    expect(own(computeBatch([trade([tier(by)])], done('1000.01', name))[0])).toBe(usd('7'));
  });

  it('of rolling days forgets what is older, its own day included', () => {
    const rolling = tier({ mode: 'marginal', rollingDays: 7 });
    const at = (day: number, lots: string, key: bigint) =>
      trade([rolling], { lots, closedAtMs: oneLot.closedAtMs + day * 86_400_000 }, key);
    expect(computeBatch([at(0, '100', 1n), at(6, '1', 2n), at(7, '1', 3n)]).map(own)).toEqual([
      usd('500'),
      usd('6'),
      usd('5'),
    ]);
  });

  it('of a calendar month begins anew with the next', () => {
    const marginal = tier({ mode: 'marginal' });
    const at = (closedAtMs: number, lots: string) => trade([marginal], { lots, closedAtMs });
    const last = Date.UTC(2026, 2, 31, 23, 59, 59, 999);
    expect(computeBatch([at(last, '100'), at(last, '1'), at(last + 1, '1')]).map(own)).toEqual(
      ['500', '6', '5'].map(usd),
    );
  });

  it('may be a percentage of each rule’s budget', () => {
    const percent = tier({ mode: 'step', unit: 'percent', tiers: [{ upTo: '1', rate: '50' }, { rate: '100' }] });
    expect(own(computeBatch([trade([percent])])[0])).toBe(usd('3.5'));
  });
});

it('months are those of the calendar', () =>
  fc.assert(
    fc.property(fc.integer({ min: -200_000, max: 200_000 }), (day) => {
      const date = new Date(day * 86_400_000);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      const first = new Date(0);
      first.setUTCFullYear(year, month, 1);
      const next = new Date(0);
      next.setUTCFullYear(year, month + 1, 1);
      expect(monthOf(day)).toEqual({
        firstDay: first.getTime() / 86_400_000,
        lastDay: next.getTime() / 86_400_000 - 1,
      });
    }),
    { numRuns: 3000 },
  ));

describe('for any trades of a month', () => {
  const many = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 12 });
  const booked = (adjusters: NaiveAdjuster[], lots: readonly number[]) =>
    computeBatch(lots.map((each, place) => trade(adjusters, { lots: String(each / 100) }, BigInt(place + 1))));
  const sum = (results: readonly TradeResult[]): bigint =>
    results.reduce((all, result) => all + (result.kind === 'booked' ? result.earningUnits : 0n), 0n);

  it('the sum of a marginal tier does not depend on their order', () =>
    fc.assert(
      fc.property(many, (lots) => {
        const adjusters = [tier({ mode: 'marginal' })];
        expect(sum(booked(adjusters, lots.toReversed()))).toBe(sum(booked(adjusters, lots)));
      }),
      { numRuns: 300 },
    ));

  it('a batch comes to the same as its trades one by one', () =>
    fc.assert(
      fc.property(many, fc.constantFrom('marginal', 'step', 'retroactive' as const), (lots, mode) => {
        const inputs = lots.map((each, place) =>
          trade([tier({ mode })], { lots: String(each / 100) }, BigInt(place + 1)),
        );
        const standing = new Standing();
        expect(inputs.flatMap((input) => computeBatch([input], standing))).toEqual(computeBatch(inputs));
      }),
      { numRuns: 200 },
    ));

  it('after a true-up each earns what it would have earned at the tier at once, conserved to the unit and within the budget', () =>
    fc.assert(
      fc.property(many, fc.integer({ min: 0, max: 700 }), (lots, reached) => {
        const results = booked([tier({ mode: 'retroactive' })], lots);
        for (const [place, result] of results.entries()) {
          if (result.kind !== 'booked') continue;
          const plan = perLotPlan('7.00', percentages('33.3', '21.7', '1.9'), {
            adjusters: [tier({ mode: 'retroactive' })],
            traderRebate: '12.5',
          });
          const facts = { ...oneLot, lots: String((lots[place] ?? 0) / 100), chain: upline('-', '-', '-'), plan };
          const seen = result.counted?.standing.seen ?? [];
          const again = [[units(String(reached))]];
          const whole = computeTrade({ ...inputOf(facts), standing: { seen, again } });
          if (whole.kind !== 'booked') throw new Error('it pays');
          const rate = reached <= 100 ? 5n : reached <= 500 ? 6n : 7n;
          expect(whole.earningUnits).toBe(BigInt(lots[place] ?? 0) * rate * 10_000n);
          expect(whole.rebates.reduce((all, rebate) => all + rebate.units, 0n)).toBe(whole.earningUnits);
        }
      }),
      { numRuns: 100 },
    ));
});
