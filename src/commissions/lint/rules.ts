import { formatDecimal } from '../../kernel/decimal.ts';
import type { AgreementTerms, PlanDefinition } from '../definitions/contract.ts';
import { compilePlan, compileTerms } from '../definitions/rules.ts';
import type { CompiledComponent, CompiledPlan } from '../definitions/types.ts';
import { product, sum as add, wholeNumber } from '../models/fractions.ts';
import { rateText } from '../rules.ts';
import type { ChainLink, Fraction, Refusal } from '../types.ts';
import { rateUnitOf } from '../wording/rules.ts';
import {
  LINT_FINDINGS,
  type LintCode,
  type LintFinding,
  type LintWorld,
  type WorstCase,
  type WorstPart,
} from './types.ts';

/** Pairs of symbol and account group that are looked at. */
export const PAIRS_MAX = 200_000;
const EXAMPLES_MAX = 5;
/** Levels of the chain by which the worst case is tried. */
const LEVELS_MAX = 100;
const PERCENT_DIGITS = 6;

/** A finding that is no refusal, with the severity that its code has. */
export const found = (
  code: LintCode,
  place: string,
  sentence: string,
  figures: Readonly<Record<string, string>> = {},
): LintFinding => ({ severity: LINT_FINDINGS[code].severity, code, place, sentence, figures });

/** What forbids a plan, as findings. */
export const refused = (refusals: readonly Refusal[]): LintFinding[] =>
  refusals.map(({ code, detail }) => ({ severity: 'error', code, place: '', sentence: `${detail}.`, figures: {} }));

/** Which rule wins for a symbol and an account group: found by the conditions that rules can name, not one after the other. */
export function winners(component: Pick<CompiledComponent, 'rules'>) {
  const first = new Map<string, number>();
  for (const [place, { symbol, symbolGroup, accountGroup }] of component.rules.entries()) {
    const name = JSON.stringify([symbol ?? null, symbolGroup ?? null, accountGroup ?? null]);
    if (!first.has(name)) first.set(name, place);
  }
  return (symbol: string, symbolGroup: string, accountGroup: string): number => {
    let best = -1;
    for (const one of [symbol, null])
      for (const two of [symbolGroup, null])
        for (const three of [accountGroup, null]) {
          const place = first.get(JSON.stringify([one, two, three]));
          if (place !== undefined && (best < 0 || place < best)) best = place;
        }
    return best;
  };
}

/** What levels and clients get of an earning at most, as a fraction: every level there, each with the highest of its rates. */
export function paidShareMax(
  plan: CompiledPlan,
  place: number,
  rule: number,
  terms: readonly AgreementTerms[],
): Fraction {
  const component = plan.components[place] ?? plan.periods.find((period) => period.place === place);
  if (component === undefined) throw new RangeError(`the plan has no component ${place}`);
  const given = new Set<bigint>();
  for (const each of terms) {
    const rate = compileTerms(plan, each)[place]?.[rule];
    if (rate !== undefined && rate > 0n) given.add(rate);
  }
  const rising = [...given].toSorted((left, right) => (left < right ? -1 : 1)).slice(-LEVELS_MAX);
  const looksAtRates = component.usesRates || component.ranks.length > 0;
  const rates = looksAtRates ? rising : Array.from({ length: LEVELS_MAX }, () => 0n);
  const chain = rates.map((rate, at): ChainLink => {
    const matrix: bigint[][] = Array.from({ length: place + 1 }, () => []);
    matrix[place] = Array.from({ length: rule + 1 }, () => rate);
    return { ibKey: at + 1, status: 'active', rates: matrix };
  });
  if (chain.length === 0) return wholeNumber(0n);
  const { weights, whole } = component.weigh(place, rule, chain);
  if (whole <= 0n) return wholeNumber(0n);
  const adjusters = 'adjusters' in component ? component.adjusters : [];
  const most = adjusters.map(({ shareMax }) => shareMax?.(rule) ?? wholeNumber(1n));
  const paid = weights.reduce((reached, weight) => reached + weight, 0n);
  return product({ numerator: paid, denominator: whole }, ...most);
}

/** A fraction in percent, cut after 6 decimals. */
export const percentText = ({ numerator, denominator }: Fraction): string =>
  formatDecimal({
    coefficient: (numerator * 100n * 10n ** BigInt(PERCENT_DIGITS)) / denominator,
    scale: PERCENT_DIGITS,
  });

/** One kind of pairs: which rule of each component wins there. */
export type PairKind = {
  readonly rules: readonly number[];
  pairs: number;
  readonly examples: { readonly symbol: string; readonly accountGroup: string; readonly lotFactor: string }[];
};

/** All pairs of registered symbols and the account groups of their servers, by the rules that win there. */
export function pairKindsOf(plan: CompiledPlan, { symbols, groups }: LintWorld): { kinds: PairKind[]; isCut: boolean } {
  const kinds = new Map<string, PairKind>();
  const finders = plan.components.map(winners);
  const seen = new Set<string>();
  for (const { serverKey, symbol, symbolGroup } of symbols)
    for (const { serverKey: ofServer, name: accountGroup, lotFactor } of groups) {
      if (serverKey !== ofServer) continue;
      const pair = JSON.stringify([symbol, symbolGroup, accountGroup]);
      if (seen.has(pair)) continue;
      if (seen.size >= PAIRS_MAX) return { kinds: [...kinds.values()], isCut: true };
      seen.add(pair);
      const rules = finders.map((find) => find(symbol, symbolGroup, accountGroup));
      const kind = kinds.get(rules.join()) ?? { rules, pairs: 0, examples: [] };
      kind.pairs += 1;
      if (kind.examples.length < EXAMPLES_MAX) kind.examples.push({ symbol, accountGroup, lotFactor });
      kinds.set(rules.join(), kind);
    }
  return { kinds: [...kinds.values()], isCut: false };
}

/** What the plan pays at most, for each kind of pairs. */
export function worstCasesOf(
  definition: PlanDefinition,
  kinds: readonly PairKind[],
  terms: readonly AgreementTerms[],
): WorstCase[] {
  const plan = compilePlan(definition);
  const shares = new Map<string, Fraction>();
  const shareOf = (component: number, rule: number): Fraction => {
    const name = `${component} ${rule}`;
    const known = shares.get(name) ?? paidShareMax(plan, component, rule, terms);
    shares.set(name, known);
    return known;
  };
  return kinds
    .toSorted((left, right) => right.pairs - left.pairs)
    .map(({ rules, pairs, examples }) => {
      const sums = new Map<string, { budget: bigint; paid: Fraction }>();
      const parts = rules.map((rule, place): WorstPart => {
        const { name, model } = definition.components[place] ?? { name: '', model: { kind: 'per_lot' as const } };
        const unit = rateUnitOf(model, definition.currency);
        const winner = plan.components[place]?.rules[rule];
        if (winner === undefined) return { component: name, rule: null, budget: null, unit, paidPercentMax: null };
        const share = shareOf(place, rule);
        const before = sums.get(unit) ?? { budget: 0n, paid: wholeNumber(0n) };
        const paid = add(before.paid, product(wholeNumber(winner.budgetUnits), share));
        sums.set(unit, { budget: before.budget + winner.budgetUnits, paid });
        const budget = rateText(winner.budgetUnits, plan.rateDigits);
        return { component: name, rule: winner.name, budget, unit, paidPercentMax: percentText(share) };
      });
      const totals = [...sums].map(([unit, { budget, paid }]) => ({
        unit,
        budget: rateText(budget, plan.rateDigits),
        paidMax: rateText(paid.numerator / paid.denominator, plan.rateDigits),
      }));
      return { pairs, examples, parts, totals };
    });
}
