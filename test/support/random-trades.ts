import fc from 'fast-check';
import type {
  NaiveComponent,
  NaiveConversion,
  NaiveExecution,
  NaiveFacts,
  NaiveLevels,
  NaiveLink,
  NaiveModel,
  NaiveTerm,
} from '../../src/commissions/naive/engine.ts';
import { accountGroups, filter, symbolGroups, symbols } from './random-filters.ts';

const decimalOf = (units: number, digits: number): string => {
  const text = String(units).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
};
/** Rates in small units, so that chains meet equal rates, inversions and budgets that are just reached; often awkwardly fine. */
const rateUpTo = (most: number) =>
  fc.oneof(
    fc.integer({ min: 0, max: most }),
    fc.integer({ min: 0, max: Math.floor(most / 250_000) }).map((step) => step * 250_000),
  );

const rule = fc.record({
  symbol: fc.option(fc.constantFrom(...symbols), { nil: undefined, freq: 3 }),
  symbolGroup: fc.option(fc.constantFrom(...symbolGroups), { nil: undefined, freq: 2 }),
  accountGroup: fc.option(fc.constantFrom(...accountGroups), { nil: undefined, freq: 5 }),
  budget: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 12_000_000 }) },
    { weight: 1, arbitrary: fc.constant(0) },
  ),
});

const RANKS = 3;
const percentage = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map(String),
  fc.integer({ min: 0, max: 100_000_000 }).map((units) => decimalOf(units, 6)),
);

const levels = (smallestBudget: number): fc.Arbitrary<NaiveLevels> => {
  const few = { minLength: 1, maxLength: 6 };
  return fc.oneof(
    fc
      .constantFrom('roll-up' as const, 'house' as const)
      .map((suspension) => ({ kind: 'differential' as const, suspension })),
    fc.array(fc.integer({ min: 0, max: 16_666_666 }), few).map((shares) => ({
      kind: 'fixed_by_level' as const,
      unit: 'percent' as const,
      levels: shares.map((share) => decimalOf(share, 6)),
    })),
    fc
      .record({ shares: fc.array(fc.integer({ min: 0, max: 4_000_000 }), few), scaling: fc.boolean() })
      .map(({ shares, scaling }) => ({
        kind: 'fixed_by_level' as const,
        unit: 'amount' as const,
        // Without scaling the sum must keep within every budget, or the plan would be refused.
        levels: shares.map((share) =>
          decimalOf(scaling ? share : Math.floor(Math.min(share, smallestBudget / shares.length)), 6),
        ),
        scaling,
      })),
    fc.array(percentage, few).map((shares) => ({ kind: 'share_up' as const, shares })),
    fc.array(percentage, few).map((overrides) => ({ kind: 'additive_override' as const, overrides })),
    fc
      .record({ weights: fc.array(fc.integer({ min: 0, max: 5 }), few), lacking: fc.constantFrom('others', 'house') })
      .map(({ weights, lacking }) => ({ kind: 'pool' as const, weights: [...weights, 1], lacking })),
    fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: RANKS, maxLength: RANKS }).map((slots) => ({
      kind: 'rank_slots' as const,
      unit: 'amount' as const,
      ranks: slots.map((slot, place) => ({
        name: `rank-${place}`,
        slot: decimalOf(Math.floor(Math.min(slot, smallestBudget / slots.length)), 6),
      })),
    })),
    fc.array(fc.integer({ min: 0, max: 33_333_333 }), { minLength: RANKS, maxLength: RANKS }).map((slots) => ({
      kind: 'rank_slots' as const,
      unit: 'percent' as const,
      ranks: slots.map((slot, place) => ({ name: `rank-${place}`, slot: decimalOf(slot, 6) })),
    })),
  );
};

/** Amounts are for the per-lot model only: elsewhere the same numbers are percentages. */
const allowedFor = (model: NaiveModel, drawn: NaiveLevels): NaiveLevels => {
  if (model.kind === 'per_lot' || !('unit' in drawn) || drawn.unit === 'percent') return drawn;
  return drawn.kind === 'rank_slots'
    ? { ...drawn, unit: 'percent' }
    : { kind: 'fixed_by_level', unit: 'percent', levels: drawn.levels };
};

const pips = fc.integer({ min: 0, max: 400 }).map((tenths) => decimalOf(tenths, 1));
const spread = fc.record({
  spread: fc.constantFrom('close' as const, 'mean' as const),
  limits: fc.array(
    fc.record({
      symbol: fc.option(fc.constantFrom(...symbols), { nil: undefined }),
      symbolGroup: fc.option(fc.constantFrom(...symbolGroups), { nil: undefined }),
      pips,
    }),
    { maxLength: 2 },
  ),
});
const model: fc.Arbitrary<NaiveModel> = fc.oneof(
  fc.constantFrom<NaiveModel>(
    { kind: 'per_million' },
    { kind: 'pips' },
    { kind: 'points' },
    { kind: 'commission_share' },
    { kind: 'profit_share' },
  ),
  spread.map((rest) => ({ kind: 'spread_share' as const, ...rest })),
  fc
    .record({ spreadShare: percentage, commissionShare: percentage, rest: spread })
    .map(({ rest, ...shares }) => ({ kind: 'spread_and_commission' as const, ...shares, ...rest })),
);

const mostly = <Value>(known: fc.Arbitrary<Value>) => fc.option(known, { nil: undefined, freq: 12 });
const quote = fc.integer({ min: 110_000, max: 110_060 }).map((points) => decimalOf(points, 5));
const currency = fc.constantFrom('USD', 'EUR', 'JPY');
/** Ways from a currency to the plan's: direct, turned round, or by a third; some too old. */
const conversion = (from: string, to: string): fc.Arbitrary<NaiveConversion> => {
  const row = (one: string, other: string) =>
    fc
      .record({
        rate: fc.integer({ min: 1, max: 9_999_999 }).map((units) => decimalOf(units, 4)),
        turned: fc.boolean(),
        ageMs: fc.oneof(
          { weight: 12, arbitrary: fc.integer({ min: 0, max: 86_400_000 }) },
          { weight: 1, arbitrary: fc.constant(432_000_001) },
        ),
      })
      .map(({ rate, turned, ageMs }) => ({
        rate,
        ageMs,
        key: '1',
        source: 'ecb',
        at: '2026-03-09T15:00:00.000Z',
        base: turned ? other : one,
        quote: turned ? one : other,
      }));
  return fc
    .oneof(
      row(from, to).map((only) => [only]),
      fc.tuple(row(from, 'GBP'), row('GBP', to)),
    )
    .map((rows) => ({ from, to, rows }));
};
const ways = (to: string): fc.Arbitrary<NaiveConversion[]> =>
  fc
    .tuple(...['USD', 'EUR', 'JPY'].filter((from) => from !== to).map((from) => mostly(conversion(from, to))))
    .map((found) => found.filter((one) => one !== undefined));

const execution: fc.Arbitrary<NaiveExecution> = fc.record({
  openReason: mostly(fc.constantFrom('client', 'expert', 'web')),
  channel: mostly(fc.constantFrom('', '7HX2M4Q9TZ')),
  contractSize: fc.constantFrom('100000', '1000', '100', '0.5'),
  pipSize: fc.constantFrom('0.0001', '0.01', '1'),
  digits: fc.constantFrom(5, 3, 0),
  baseCurrency: mostly(currency),
  profitCurrency: fc.oneof({ weight: 3, arbitrary: fc.constant('USD') }, { weight: 1, arbitrary: currency }),
  depositCurrency: fc.oneof({ weight: 6, arbitrary: fc.constant('USD') }, { weight: 1, arbitrary: currency }),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  openPrice: mostly(quote),
  closePrice: mostly(quote),
  openBid: mostly(quote),
  openAsk: mostly(quote),
  closeBid: mostly(quote),
  closeAsk: mostly(quote),
  profit: mostly(
    fc
      .integer({ min: -50_000, max: 200_000 })
      .map((cents) => `${cents < 0 ? '-' : ''}${decimalOf(Math.abs(cents), 2)}`),
  ),
  rateProfit: mostly(fc.constantFrom('0', '0.00660633', '1.0842')),
  charged: mostly(fc.integer({ min: 0, max: 30_000_000 }).map((units) => decimalOf(units, 6))),
});

const component = (
  name: string,
): fc.Arbitrary<{ component: NaiveComponent; budgets: { rule: string; units: number }[] }> =>
  fc.array(rule, { minLength: 1, maxLength: 4 }).chain((rules) => {
    const named = rules.map(({ budget, ...match }, place) => ({
      ...match,
      name: `rule-${place}`,
      budget: decimalOf(budget, 6),
    }));
    const budgets = rules.map(({ budget }, place) => ({ rule: `rule-${place}`, units: budget }));
    const paying = budgets.map(({ units }) => units).filter((units) => units > 0);
    return fc
      .record({
        levels: levels(Math.min(...paying, 12_000_000)),
        model: fc.oneof(
          { weight: 1, arbitrary: fc.constant({ kind: 'per_lot' as const }) },
          { weight: 2, arbitrary: model },
        ),
        traderRebate: fc.option(
          fc.integer({ min: 0, max: 100_000_000 }).map((share) => decimalOf(share, 6)),
          { nil: undefined },
        ),
        filters: fc.option(fc.array(filter, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 2 }),
      })
      .map((rest) => ({
        component: { name, rules: named, ...rest, levels: allowedFor(rest.model, rest.levels) },
        budgets,
      }));
  });

const openMs = fc.oneof(
  fc.integer({ min: 59_000, max: 61_000 }),
  fc.integer({ min: 0, max: 10_000_000 }),
  fc.constant(-1),
  fc.constant(undefined),
);

/** Any facts that publication lets through: each agreed rate keeps within its rule's budget. */
export const facts: fc.Arbitrary<NaiveFacts> = fc
  .tuple(component('first'), fc.option(component('second'), { nil: undefined, freq: 4 }))
  .chain((drawn) => {
    const components = drawn.filter((one) => one !== undefined);
    const termsOf = fc.tuple(
      ...components.flatMap(({ component: { name, levels: ofComponent } }) =>
        ofComponent.kind === 'rank_slots'
          ? [
              fc.option(
                fc
                  .integer({ min: 0, max: RANKS - 1 })
                  .map((place): NaiveTerm => ({ component: name, rank: `rank-${place}` })),
                { nil: undefined, freq: 4 },
              ),
            ]
          : [],
      ),
      ...components.flatMap(({ component: { name }, budgets }) =>
        budgets.map((budget) =>
          fc.option(
            rateUpTo(budget.units).map((units): NaiveTerm => ({
              component: name,
              rule: budget.rule,
              rate: decimalOf(units, 6),
            })),
            { nil: undefined, freq: 6 },
          ),
        ),
      ),
    );
    const link = fc.record({
      status: fc.constantFrom(
        'active' as const,
        'active' as const,
        'active' as const,
        'suspended' as const,
        'terminated' as const,
      ),
      terms: fc.option(
        termsOf.map((terms) => terms.filter((term) => term !== undefined)),
        { nil: undefined, freq: 8 },
      ),
    });
    return fc
      .record({
        lots: fc.oneof(
          fc.integer({ min: 0, max: 30 }), // So few that parts of a single unit must be rounded.
          fc.integer({ min: 1, max: 2 ** 40 }),
          fc.integer({ min: 1, max: 5000 }).map((hundredths) => hundredths * 1_000_000),
        ),
        lotFactor: fc.constantFrom('1', '0.4', '0.01', '1.333333', '0', '10'),
        symbol: fc.constantFrom(...symbols),
        symbolGroup: fc.constantFrom(...symbolGroups),
        accountGroup: fc.constantFrom(...accountGroups),
        held: openMs,
        closedAtMs: fc.integer({ min: 1_770_000_000_000, max: 1_780_000_000_000 }),
        timesHaveMs: fc.boolean(),
        currency: fc.constantFrom('USD', 'USD', 'USD', 'EUR', 'KWD', 'BTC'),
        execution: fc.option(execution, { nil: undefined, freq: 20 }),
        links: fc.array(link, { minLength: 0, maxLength: 9 }),
      })
      .chain((drawn) =>
        fc
          .tuple(...[...new Set([drawn.currency, 'USD'])].map(ways))
          .map((found) => ({ ...drawn, conversions: found.flat() })),
      )
      .map(({ lots, held, currency, links, execution: carriedOut, conversions, ...rest }) => ({
        ...rest,
        execution: carriedOut && { ...carriedOut, conversions },
        clientKey: 500,
        lots: decimalOf(lots, 8),
        openedAtMs: held === undefined ? undefined : rest.closedAtMs - held,
        plan: { currency, components: components.map((one) => one.component) },
        chain: links.map((one, depth): NaiveLink => ({ ibKey: depth + 11, ...one })),
      }));
  });
