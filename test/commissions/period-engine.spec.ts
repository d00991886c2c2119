import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlanDefinition } from '../../src/commissions/definitions/contract.ts';
import { compileAgreement, compilePlan } from '../../src/commissions/definitions/rules.ts';
import { naiveAward, naiveCpa, naivePeriod } from '../../src/commissions/naive/periods.ts';
import type { NaiveLevels, NaiveLink, NaivePeriod } from '../../src/commissions/naive/types.ts';
import { judgePeriod, shareAward } from '../../src/commissions/periods/rules.ts';
import { checkDefinition } from '../../src/commissions/plans/rules.ts';

const runs = { seed: Number(process.env['FC_SEED'] ?? 20_260_310), numRuns: 1_500 };
const DAY_MS = 86_400_000;
const FRAME = { currency: 'USD', rateAgeMsMax: 120 * 3_600_000, rateDigits: 6 };
const decimal = (most: number, digits: number) =>
  fc.integer({ min: 0, max: most }).map((units) => {
    const text = String(units).padStart(digits + 1, '0');
    return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  });
const percentage = decimal(100_000_000, 6);
const maybe = <Value>(known: fc.Arbitrary<Value>) => fc.option(known, { nil: undefined });

const levels: fc.Arbitrary<NaiveLevels> = fc.oneof(
  fc
    .constantFrom('roll-up' as const, 'house' as const)
    .map((suspension) => ({ kind: 'differential' as const, suspension })),
  fc
    .array(decimal(25_000_000, 6), { minLength: 1, maxLength: 4 })
    .map((shares) => ({ kind: 'fixed_by_level' as const, unit: 'percent' as const, levels: shares })),
  fc.array(percentage, { minLength: 1, maxLength: 4 }).map((shares) => ({ kind: 'share_up' as const, shares })),
  fc.array(percentage, { minLength: 1, maxLength: 4 }).map((overrides) => ({
    kind: 'additive_override' as const,
    overrides,
  })),
  fc.record({
    kind: fc.constant('pool' as const),
    weights: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 0, maxLength: 4 }).map((some) => [...some, 1]),
    lacking: fc.constantFrom('others' as const, 'house' as const),
  }),
);
const chain: fc.Arbitrary<NaiveLink[]> = fc
  .array(
    fc.record({
      status: fc.constantFrom('active' as const, 'active' as const, 'suspended' as const),
      rate: maybe(percentage),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((links) =>
    links.map(({ status, rate }, depth) => ({
      ibKey: depth + 1,
      status,
      terms: rate === undefined ? undefined : [{ rate }],
    })),
  );

/** A plan of one period component, checked and compiled as it would be published. */
function compiled(period: NaivePeriod, links: readonly NaiveLink[] = []) {
  const definition = PlanDefinition.parse({
    currency: 'USD',
    components: [],
    periods: [{ ...period, model: period.model.kind === 'cpa' ? period.model : { period: 'month', ...period.model } }],
  });
  const agreements = links.flatMap(({ ibKey, terms }) => (terms === undefined ? [] : [{ ib: `IB ${ibKey}`, terms }]));
  expect(checkDefinition(definition, agreements)).toEqual([]);
  const plan = compilePlan(definition);
  const [component] = plan.periods;
  if (component === undefined) throw new Error('the plan has no period component');
  return { plan, component };
}

const PARTS = ['spread', 'commission', 'rebates', 'bonuses', 'psp_fees', 'chargebacks', 'profit'] as const;
const line = fc
  .record({
    part: fc.constantFrom(...PARTS),
    amount: fc.tuple(fc.boolean(), decimal(50_000_000, 4)).map(([below, text]) => (below ? `-${text}` : text)),
    currency: fc.constantFrom('USD', 'USD', 'USD', 'EUR', 'JPY'),
    rate: decimal(20_000_000, 5).map((text) => (Number(text) === 0 ? '1' : text)),
    ageMs: fc.constantFrom(0, 0, 0, 120 * 3_600_000, 120 * 3_600_000 + 1),
    isKnown: fc.constantFrom(true, true, true, true, false),
    isTurned: fc.boolean(),
  })
  .map(({ currency, rate, ageMs, isKnown, isTurned, ...rest }) => ({
    ...rest,
    currency,
    items: 1,
    rates:
      currency === 'USD' || !isKnown
        ? undefined
        : {
            from: currency,
            to: 'USD',
            rows: [
              {
                key: '1',
                rate,
                base: isTurned ? 'USD' : currency,
                quote: isTurned ? currency : 'USD',
                source: 'ecb',
                at: '2026-03-09T15:00:00.000Z',
                ageMs,
              },
            ],
          },
  }));

describe('What is earned by the period, by both engines', () => {
  it('for any lines of a period, carried over or not', () => {
    const met = new Map<string, number>();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.record({
            kind: fc.constant('net_revenue' as const),
            share: percentage,
            carryOver: fc.boolean(),
            parts: maybe(fc.uniqueArray(fc.constantFrom(...PARTS.slice(0, 6)), { minLength: 1 })),
          }),
          fc.record({ kind: fc.constant('net_loss' as const), share: percentage, carryOver: fc.boolean() }),
        ),
        fc.array(line, { maxLength: 8 }),
        fc.bigInt({ min: -9_000_000_000n, max: 0n }),
        percentage,
        (model, lines, carriedUnits, part) => {
          const period: NaivePeriod = { name: 'one', model, levels: { kind: 'share_up', shares: ['0'] }, part };
          const { component } = compiled(period);
          if (component.model.over !== 'period') throw new Error('a model of periods is meant');
          const judged = judgePeriod({ model: component.model, part: component.part }, { lines, carriedUnits }, FRAME);
          const naive = naivePeriod(period, lines, carriedUnits, { currency: 'USD' });
          const word = typeof judged === 'string' ? judged : (judged.reason ?? 'earned');
          met.set(word, (met.get(word) ?? 0) + 1);
          if (typeof judged === 'string' || typeof naive === 'string') {
            expect(judged).toBe(naive);
            return;
          }
          expect([judged.reason, judged.carriedUnits]).toEqual([naive.reason, naive.carriedUnits]);
          const [left, right] = [judged.earning, naive.earning];
          expect(left === undefined).toBe(right === undefined);
          if (left !== undefined && right !== undefined)
            expect(left.numerator * right.d).toBe(right.n * left.denominator);
        },
      ),
      runs,
    );
    for (const word of [
      'earned',
      'not_above_zero',
      'carried_loss',
      'commissions.rate_missing',
      'commissions.rate_stale',
    ])
      expect(met.get(word) ?? 0, word).toBeGreaterThan(20);
  });

  it('for any earning and chain: each part, and never more than there is', () =>
    fc.assert(
      fc.property(
        levels,
        chain,
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        fc.bigInt({ min: 1n, max: 1_000n }),
        percentage,
        (drawn, links, numerator, denominator, traderRebate) => {
          const period: NaivePeriod = {
            name: 'one',
            model: { kind: 'net_loss', share: '100', carryOver: false },
            levels: drawn,
            traderRebate,
          };
          const usesRates = drawn.kind === 'differential' || drawn.kind === 'additive_override';
          const own = links.map((link) => (usesRates ? link : { ...link, terms: undefined }));
          const { plan, component } = compiled(period, own);
          const given = own.map(({ ibKey, status, terms }) => ({
            ibKey,
            status,
            rates: terms === undefined ? undefined : compileAgreement(plan, terms),
          }));
          const shared = shareAward(component, given, 77, { numerator, denominator });
          if (typeof shared === 'string') throw new Error(shared);
          const sorted = (parts: readonly { kind: string; beneficiary: number; depth: number; units: bigint }[]) =>
            parts.map(({ kind, beneficiary, depth, units }) => `${kind} ${beneficiary} ${depth} ${units}`).toSorted();
          expect(sorted(shared.parts)).toEqual(sorted(naiveAward(period, own, 77, { n: numerator, d: denominator })));
          expect(shared.parts.reduce((sum, { units }) => sum + units, 0n)).toBeLessThanOrEqual(shared.units);
        },
      ),
      runs,
    ));

  it('for any beginning of a client: each step of a ladder, and when it is reached', () => {
    let reached = 0;
    const at = fc.integer({ min: 0, max: 60 * DAY_MS }).map((ms) => Date.UTC(2026, 0, 30) + ms);
    const inTime = <Item extends { readonly atMs: number }>(items: readonly Item[]): Item[] =>
      items.toSorted((left, right) => left.atMs - right.atMs);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 4 }),
        fc.record({
          firstDeposits: maybe(
            fc.record({ hours: fc.constantFrom(24, 240), atLeast: fc.integer({ min: 1, max: 300 }).map(String) }),
          ),
          lots: maybe(decimal(2_000, 2).map((text) => (Number(text) === 0 ? '1' : text))),
          tradingDays: maybe(fc.integer({ min: 1, max: 4 })),
          withinDays: maybe(fc.integer({ min: 1, max: 50 })),
        }),
        maybe(fc.constantFrom('DE', 'FR')),
        fc.array(fc.record({ atMs: at, units: fc.bigInt({ min: 1n, max: 900_000_000n }) }), { maxLength: 5 }),
        fc.array(fc.record({ atMs: at, lots: fc.bigInt({ min: 1n, max: 900_000_000n }) }), { maxLength: 6 }),
        (totals, gates, country, deposits, trades) => {
          const rising = totals.toSorted((left, right) => left - right);
          const steps = rising.map((total) => ({ deposits: String(total), pays: String(total * 2) }));
          const model = {
            kind: 'cpa' as const,
            tables: [{ countries: ['DE'], steps: steps.slice(0, 1) }, { steps }],
            gates,
          };
          const period: NaivePeriod = { name: 'one', model, levels: { kind: 'share_up', shares: ['0'] } };
          const { component } = compiled(period);
          if (component.model.over !== 'client') throw new Error('a model of clients is meant');
          const facts = { country, deposits: inTime(deposits), trades: inTime(trades) };
          const found = component.model.progressOf(facts).steps.map(({ paysUnits, reachedAtMs }) => ({
            paysUnits,
            atMs: reachedAtMs,
          }));
          reached += found.filter(({ atMs }) => atMs !== undefined).length;
          expect(found).toEqual(naiveCpa(period, facts, 'USD'));
        },
      ),
      runs,
    );
    expect(reached).toBeGreaterThan(200);
  });
});
