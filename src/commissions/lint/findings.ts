import { compilePlan } from '../definitions/rules.ts';
import type { PlanDefinition } from '../definitions/contract.ts';
import type { CompiledComponent, CompiledPlan, CompiledRule } from '../definitions/types.ts';
import { isAbove, sum, wholeNumber } from '../models/fractions.ts';
import { modelOf } from '../models/index.ts';
import type { Fraction } from '../types.ts';
import { wordsOf } from '../wording/rules.ts';
import { periodFindings } from './periods.ts';
import { rateFindings } from './rates.ts';
import { found, PAIRS_MAX, type PairKind, pairKindsOf, paidShareMax, percentText, worstCasesOf } from './rules.ts';
import type { Lint, LintFinding, LintWorld } from './types.ts';

const WORST_CASES_MAX = 200;
const FINDINGS_MAX = 500;

/**
 * All that can be said of a version that may be compiled: for every registered symbol and account group what it pays at most,
 * rules that never win, symbols without a rule, rates that are missing. Errors come first, then warnings, then notes.
 */
export function lintDefinition(definition: PlanDefinition, world: LintWorld): Lint {
  const plan = compilePlan(definition);
  const { kinds, isCut } = pairKindsOf(plan, world);
  const findings = [
    ...plan.components.flatMap((component, place) => [
      ...shadowed(component),
      ...withoutPairs(component, place, kinds),
      ...overBudget(plan, place, world),
      ...withoutAgreement(component, world, plan, place),
    ]),
    ...unmatched(plan, kinds),
    ...above100(definition, plan, kinds, world),
    ...rateFindings(definition, plan, world),
    ...(isCut
      ? [found('pairs_cut', '', `Only the first ${PAIRS_MAX} pairs of symbol and account group are looked at.`)]
      : []),
    ...periodFindings(definition, plan, world.terms),
  ];
  const severities = ['error', 'warning', 'note'];
  return {
    findings: findings
      .toSorted((left, right) => severities.indexOf(left.severity) - severities.indexOf(right.severity))
      .slice(0, FINDINGS_MAX),
    worstCases: worstCasesOf(definition, kinds, world.terms).slice(0, WORST_CASES_MAX),
    pairs: kinds.reduce((pairs, kind) => pairs + kind.pairs, 0),
  };
}

const placeOf = (component: string, rule?: string): string =>
  rule === undefined ? `components[${component}]` : `components[${component}].rules[${rule}]`;

const takesAllOf = (earlier: CompiledRule, later: CompiledRule): boolean =>
  (['symbol', 'symbolGroup', 'accountGroup'] as const).every(
    (name) => earlier[name] === undefined || earlier[name] === later[name],
  );

/** Rules behind one that names no more than they do. */
const shadowed = ({ name, rules }: CompiledComponent): LintFinding[] =>
  rules.flatMap((rule, place) => {
    const before = rules.slice(0, place).find((earlier) => takesAllOf(earlier, rule));
    if (before === undefined) return [];
    const sentence = `Rule ${rule.name} of ${name} never wins: rule ${before.name} stands before it and takes all that it names.`;
    return [found('rule_shadowed', placeOf(name, rule.name), sentence, { by: before.name })];
  });

/** Rules that win nowhere among what is registered, for another reason than that. */
const withoutPairs = ({ name, rules }: CompiledComponent, place: number, kinds: readonly PairKind[]): LintFinding[] =>
  rules.flatMap((rule, at) => {
    if (kinds.length === 0 || kinds.some((kind) => kind.rules[place] === at)) return [];
    if (rules.slice(0, at).some((earlier) => takesAllOf(earlier, rule))) return [];
    const sentence = `Rule ${rule.name} of ${name} wins for no registered symbol and account group.`;
    return [found('rule_matches_nothing', placeOf(name, rule.name), sentence)];
  });

/** The safety net behind the checks of kinds: levels that could take more than there is. */
const overBudget = (plan: CompiledPlan, place: number, { terms }: LintWorld): LintFinding[] =>
  (plan.components[place]?.rules ?? []).flatMap((rule, at): LintFinding[] => {
    const name = plan.components[place]?.name ?? '';
    if (rule.budgetUnits === 0n)
      return [found('budget_zero', placeOf(name, rule.name), `Rule ${rule.name} of ${name} has a budget of 0.`)];
    const share = paidShareMax(plan, place, at, terms);
    if (!isAbove(share, wholeNumber(1n))) return [];
    const paid = percentText(share);
    return [
      {
        severity: 'error',
        code: 'commissions.levels_above_budget',
        place: placeOf(name, rule.name),
        sentence: `Rule ${rule.name} of ${name} would pay up to ${paid} % of its budget.`,
        figures: { paidPercentMax: paid },
      },
    ];
  });

/** Levels that are paid by rates or ranks, and nobody has any. */
function withoutAgreement(
  { name, usesRates, ranks, rules }: CompiledComponent,
  { terms }: LintWorld,
  plan: CompiledPlan,
  place: number,
): LintFinding[] {
  if (!usesRates && ranks.length === 0) return [];
  const none = rules.filter(
    ({ budgetUnits }, at) => budgetUnits > 0n && paidShareMax(plan, place, at, terms).numerator === 0n,
  );
  if (none.length === 0) return [];
  const words =
    none.length === rules.length ? 'none of its rules' : `not for ${none.map((rule) => rule.name).join(', ')}`;
  const sentence = `${name} pays by agreed ${ranks.length > 0 ? 'ranks' : 'rates'}, and there are ${
    none.length === rules.length ? 'none' : `none ${words.replace('not ', '')}`
  }: the house keeps all.`;
  return [found('no_agreement', placeOf(name), sentence)];
}

/** Symbols that no component knows, and for each component those that it does not know while others do. */
function unmatched(plan: CompiledPlan, kinds: readonly PairKind[]): LintFinding[] {
  const told = (
    code: 'symbol_unmatched' | 'component_unmatched',
    name: string,
    of: readonly PairKind[],
  ): LintFinding[] => {
    const pairs = of.reduce((sumOfPairs, kind) => sumOfPairs + kind.pairs, 0);
    if (pairs === 0) return [];
    const [first] = of.flatMap((kind) => kind.examples);
    const example = first === undefined ? '' : `, for example ${first.symbol} in ${first.accountGroup}`;
    const whose = name === '' ? 'No rule of any component names' : `No rule of ${name} names`;
    const sentence = `${whose} ${pairs} registered ${pairs === 1 ? 'pair' : 'pairs'} of symbol and account group${example}.`;
    return [found(code, name === '' ? '' : placeOf(name), sentence, { pairs: String(pairs) })];
  };
  const nowhere = kinds.filter(({ rules }) => rules.every((rule) => rule < 0));
  return [
    ...(plan.components.length === 0 ? [] : told('symbol_unmatched', '', nowhere)),
    ...plan.components.flatMap(({ name }, place) =>
      told(
        'component_unmatched',
        name,
        kinds.filter((kind) => (kind.rules[place] ?? -1) < 0 && !nowhere.includes(kind)),
      ),
    ),
  ];
}

/** Components that share the same thing, such as the spread, and pay more than all of it together. */
function above100(
  definition: PlanDefinition,
  plan: CompiledPlan,
  kinds: readonly PairKind[],
  { terms }: LintWorld,
): LintFinding[] {
  const told = new Map<string, LintFinding>();
  for (const { rules, examples } of kinds) {
    const shared = new Map<string, { whole: Fraction; names: string[] }>();
    for (const [place, rule] of rules.entries()) {
      const component = definition.components[place];
      const winner = plan.components[place]?.rules[rule];
      if (component === undefined || winner === undefined || modelOf(component.model).rate !== 'percent') continue;
      const share = paidShareMax(plan, place, rule, terms);
      const part = {
        numerator: share.numerator * winner.budgetUnits,
        denominator: share.denominator * 100n * 10n ** BigInt(plan.rateDigits),
      };
      const before = shared.get(component.model.kind) ?? { whole: wholeNumber(0n), names: [] };
      const names = [...before.names, `${component.name} (rule ${winner.name})`];
      shared.set(component.model.kind, { whole: sum(before.whole, part), names });
    }
    for (const [kind, { whole, names }] of shared) {
      if (names.length < 2 || !isAbove(whole, wholeNumber(1n))) continue;
      const paid = percentText(whole);
      const where = examples[0] === undefined ? '' : ` for ${examples[0].symbol} in ${examples[0].accountGroup}`;
      const sentence = `${names.join(' and ')} together pay up to ${paid} % by the model ${wordsOf(kind)}${where}.`;
      told.set(`${kind} ${names.join()}`, found('shares_above_100', 'components', sentence, { paidPercentMax: paid }));
    }
  }
  return [...told.values()];
}
