import fc from 'fast-check';
import { looksAt } from '../../src/commissions/naive/adjusters.ts';
import type { NaiveAdjuster, NaiveComponent, NaiveFacts } from '../../src/commissions/naive/types.ts';
import { facts } from './random-trades.ts';

const HOUR_MS = 3_600_000;
const MICROS = 1_000_000;
const micros = (units: number): string => {
  const text = String(Math.floor(units)).padStart(7, '0');
  return `${text.slice(0, -6)}.${text.slice(-6)}`;
};
const amountUpTo = (most: number) => fc.integer({ min: 0, max: most * MICROS }).map(micros);
const maybe = <Value>(known: fc.Arbitrary<Value>) => fc.option(known, { nil: undefined });

/** Tiers that publication lets through: limits rise, no rate is above a budget. */
const tier = ({ rules }: NaiveComponent): fc.Arbitrary<NaiveAdjuster> => {
  const budgets = rules.map(({ budget }) => Math.round(Number(budget) * MICROS)).filter((units) => units > 0);
  const most = Math.min(...budgets, 1_000 * MICROS);
  return fc
    .record({
      by: fc.constantFrom('lots' as const, 'lots' as const, 'notional' as const, 'active_clients' as const),
      of: fc.constantFrom('ib' as const, 'plan' as const, undefined),
      mode: fc.constantFrom(
        'marginal' as const,
        'step' as const,
        'retroactive' as const,
        'marginal_then_trued_up' as const,
      ),
      rollingDays: maybe(fc.integer({ min: 1, max: 40 })),
      unit: fc.constantFrom('rate' as const, 'percent' as const),
      limits: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
      rates: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 4, maxLength: 4 }),
    })
    .map(({ by, of, mode: drawn, rollingDays, unit, limits, rates }) => {
      const mode = drawn.startsWith('marginal') && by === 'active_clients' ? 'step' : drawn;
      const isTruedUp = mode === 'retroactive' || mode === 'marginal_then_trued_up';
      const scale = by === 'notional' ? 100_000 : by === 'active_clients' ? 0.05 : 1;
      const uppers = limits.toSorted((left, right) => left - right).map((limit) => Math.ceil(limit * scale));
      return {
        kind: 'tier' as const,
        by,
        of,
        mode,
        unit,
        rollingDays: isTruedUp ? undefined : rollingDays,
        tiers: [...new Set(uppers), undefined].map((upTo, place) => ({
          upTo: upTo === undefined ? undefined : String(upTo),
          rate: unit === 'percent' ? String(rates[place] ?? 0) : micros(((rates[place] ?? 0) * most) / 100),
        })),
      };
    });
};

const cap: fc.Arbitrary<NaiveAdjuster> = fc.oneof(
  amountUpTo(40).map((amount) => ({ kind: 'cap' as const, of: 'order' as const, amount })),
  fc.record({
    kind: fc.constant('cap' as const),
    of: fc.constantFrom('client' as const, 'ib' as const, 'plan' as const),
    over: fc.constantFrom('day' as const, 'month' as const),
    amount: amountUpTo(40),
  }),
);

const adjustersOf = (component: NaiveComponent): fc.Arbitrary<NaiveAdjuster[]> =>
  fc
    .tuple(
      maybe(cap),
      maybe(tier(component)),
      maybe(
        fc.record({
          kind: fc.constant('credit_coefficient' as const),
          below: fc.constantFrom('0.85', '1', '0', undefined),
          stateAgeHoursMax: maybe(fc.constantFrom(1, 24)),
        }),
      ),
      maybe(
        fc
          .record({
            low: amountUpTo(5),
            high: amountUpTo(100),
            per: fc.constantFrom('trade' as const, 'lot' as const),
            which: fc.integer({ min: 0, max: 2 }),
          })
          .map(({ low, high, per, which }) => ({
            kind: 'clamp' as const,
            per,
            ...(which !== 0 && { most: Number(low) > Number(high) ? low : high }),
            ...(which !== 1 && { least: Number(low) > Number(high) ? high : low }),
          })),
      ),
      maybe(fc.constant({ kind: 'hedged_volume' as const })),
    )
    .map((drawn) => drawn.filter((one) => one !== undefined));

const move = fc.record({
  hours: fc.integer({ min: 0, max: 500 }),
  hundredths: fc.integer({ min: 0, max: 4_000 }),
  clientKey: fc.constantFrom(500, 501),
  side: fc.constantFrom('buy' as const, 'sell' as const),
  above: fc.constantFrom(0, 0, 1),
  state: fc.option(
    fc.record({
      equity: amountUpTo(2_000),
      credit: amountUpTo(1_500),
      ageMs: fc.constantFrom(0, 2 * HOUR_MS, 30 * HOUR_MS),
    }),
    { nil: undefined, freq: 8 },
  ),
});

/** Trades of two clients below one chain, booked one after the other under a plan with adjusters. */
export const days: fc.Arbitrary<NaiveFacts[]> = facts.chain((base) =>
  fc
    .record({
      adjusters: fc.tuple(...(base.plan?.components ?? []).map(adjustersOf)),
      moves: fc.array(move, { minLength: 2, maxLength: 7 }),
    })
    .map(({ adjusters, moves }) => {
      const plan = base.plan && {
        ...base.plan,
        components: base.plan.components.map((component, place) => ({ ...component, adjusters: adjusters[place] })),
      };
      return moves.map(({ hours, hundredths, clientKey, side, above, state }) => ({
        ...base,
        plan,
        clientKey,
        lots: (hundredths / 100).toFixed(2),
        closedAtMs: base.closedAtMs + hours * HOUR_MS,
        openedAtMs: base.openedAtMs === undefined ? undefined : base.openedAtMs + hours * HOUR_MS,
        chain: base.chain.slice(above),
        execution: base.execution && {
          ...base.execution,
          side,
          ...(state !== undefined && { accountState: { ...state, at: '2026-03-10T10:00:00.000Z' } }),
        },
      }));
    }),
);

/** The first trade of such a day, which saw some counts, and was brought to what its period came to later. */
export const truedUp: fc.Arbitrary<NaiveFacts> = fc
  .tuple(days, fc.array(fc.bigInt({ min: 0n, max: 60_000_000_000_000n }), { minLength: 16, maxLength: 16 }))
  .map(([[first], counts]): NaiveFacts => {
    if (first === undefined) throw new RangeError('a day has trades');
    const sightOf = (component: NaiveComponent, from: number): bigint[] => {
      const many = (component.adjusters ?? []).reduce((sum, adjuster) => sum + looksAt(adjuster), 0);
      return counts.slice(from, from + many);
    };
    const components = first.plan?.components ?? [];
    const isTruedUp = ({ adjusters = [] }: NaiveComponent) =>
      adjusters.some((one) => one.kind === 'tier' && ['retroactive', 'marginal_then_trued_up'].includes(one.mode));
    return {
      ...first,
      saw: {
        seen: components.map((component) => sightOf(component, 0)),
        again: components.map((component) => (isTruedUp(component) ? sightOf(component, 5) : null)),
      },
    };
  });
