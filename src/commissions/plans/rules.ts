import { ledgerExponent } from '../../kernel/currency.ts';
import { formatDecimal, parseDecimal, rescale } from '../../kernel/decimal.ts';
import { PERCENT_DIGITS } from '../contract.ts';
import { filterOf } from '../filters/index.ts';
import { levelModeOf } from '../levels/index.ts';
import { modelOf } from '../models/index.ts';
import type { AgreementRates, LevelFrame, Refusal, TradeFacts } from '../types.ts';
import type { AgreementTerms, PlanComponent, PlanDefinition } from './contract.ts';
import type { CompiledComponent, CompiledPlan, CompiledRule } from './types.ts';

const HOUR_MS = 3_600_000;
/** Over Easter the European Central Bank publishes no rates for five days. */
const RATE_AGE_HOURS_MAX = 120;

/** An IB whose agreement a plan version must keep, with the words by which a refusal names it. */
export type AgreementToCheck = { readonly ib: string; readonly terms: AgreementTerms };

/**
 * All that forbids the publication of a plan version; empty when it may be published.
 * `agreements` are those in force under the plan: a rate of theirs above the budget is refused here, never clipped later.
 */
export function checkDefinition(definition: PlanDefinition, agreements: readonly AgreementToCheck[] = []): Refusal[] {
  const rateDigits = ledgerExponent(definition.currency);
  const first = [
    ...repeatedNames('components', definition.components),
    ...definition.components.flatMap((component) => [
      ...repeatedNames(`rules of ${component.name}`, component.rules),
      ...component.rules
        .filter(({ budget }) => rateUnits(budget, rateDigits) === undefined)
        .map(({ name, budget }) => tooFine(`${component.name}, rule ${name}`, budget, rateDigits)),
    ]),
  ];
  if (first.length > 0) return first;
  const above = definition.components.flatMap((component) => percentagesAbove(component, rateDigits));
  if (above.length > 0) return above;
  const levels = definition.components.flatMap((component) =>
    levelModeOf(component.levels).refusals(component.levels, frameOf(component, rateDigits)),
  );
  if (levels.length > 0) return levels;
  const plan = compilePlan(definition);
  return agreements.flatMap(({ ib, terms }) =>
    checkAgreement(plan, terms).map(({ code, detail }): Refusal => ({ code, detail: `${ib}: ${detail}` })),
  );
}

/** Rules whose budget is a percentage above 100. */
function percentagesAbove({ name, model, rules }: PlanComponent, rateDigits: number): Refusal[] {
  if (modelOf(model).rate !== 'percent') return [];
  const whole = 100n * 10n ** BigInt(rateDigits);
  return rules
    .filter(({ budget }) => fitting(budget, rateDigits) > whole)
    .map((rule) => ({
      code: 'commissions.percentages_above_100',
      detail: `${name}, rule ${rule.name}: the budget is ${rule.budget} %`,
    }));
}

/** All that forbids an agreement under a plan version: rates above the budget, too fine, or for rules that are not there. */
export function checkAgreement(plan: CompiledPlan, terms: AgreementTerms): Refusal[] {
  const formal = terms.flatMap((term): Refusal[] => {
    if ('rank' in term) return rankRefusals(plan, term);
    if (rateUnits(term.rate, plan.rateDigits) === undefined)
      return [tooFine('an agreed rate', term.rate, plan.rateDigits)];
    const named = plan.components.some(
      ({ name, rules }) =>
        (term.component ?? name) === name && (term.rule === undefined || rules.some((rule) => rule.name === term.rule)),
    );
    if (named) return [];
    const wanted = Object.entries({ component: term.component, rule: term.rule }).filter(
      ([, name]) => name !== undefined,
    );
    const words = wanted.map((pair) => pair.join(' ')).join(' with ');
    return [{ code: 'commissions.agreement_names_no_rule', detail: `the plan has no ${words}` }];
  });
  if (formal.length > 0) return formal;
  const rates = compileAgreement(plan, terms);
  return plan.components.flatMap(({ name, rules, usesRates }, component) =>
    rules.flatMap((rule, place): Refusal[] => {
      const rate = rates[component]?.[place] ?? 0n;
      if (!usesRates || rate <= rule.budgetUnits) return []; // Of a mode without rates it is a rank, or not looked at.
      const [agreed, budget] = [rate, rule.budgetUnits].map((units) => rateText(units, plan.rateDigits));
      return [
        {
          code: 'commissions.rate_above_budget',
          detail: `${name}, rule ${rule.name}: agreed ${agreed}, budget ${budget}`,
        },
      ];
    }),
  );
}

/** A plan version that `checkDefinition` let through, ready for the engine. */
export function compilePlan(definition: PlanDefinition): CompiledPlan {
  const rateDigits = ledgerExponent(definition.currency);
  return {
    currency: definition.currency,
    rateDigits,
    needsExecution: definition.components.some(({ model }) => modelOf(model).needsExecution),
    needsNotional: definition.components.some(({ model }) => modelOf(model).needsNotional === true),
    components: definition.components.map((component) => compileComponent(component, definition)),
  };
}

/** An agreement's rate for each rule of each component of a plan version, in ledger units; for the engine's chains. */
export function compileAgreement(plan: CompiledPlan, terms: AgreementTerms): AgreementRates {
  const parsed = terms.flatMap((term) =>
    'rank' in term ? [] : [{ ...term, units: fitting(term.rate, plan.rateDigits) }],
  );
  return plan.components.map((component) => {
    if (component.ranks.length > 0) {
      const rank = rankOf(component, terms);
      return component.rules.map(() => rank);
    }
    return component.rules.map((rule) => {
      const term = parsed.find(
        (one) => (one.component ?? component.name) === component.name && (one.rule ?? rule.name) === rule.name,
      );
      // A rule of budget 0 pays nothing: a rate meant for everything does not break it, one that names it does.
      if (term === undefined || (rule.budgetUnits === 0n && term.rule === undefined)) return 0n;
      return term.units;
    });
  });
}

/** The rank that the first term gives which names the component or none, and a rank of it: 1 is the lowest, 0 none. */
function rankOf({ name, ranks }: CompiledComponent, terms: AgreementTerms): bigint {
  for (const term of terms) {
    if (!('rank' in term) || (term.component ?? name) !== name) continue;
    const place = ranks.indexOf(term.rank);
    if (place >= 0) return BigInt(place + 1);
  }
  return 0n;
}

/** A rank must be one of a component that it is meant for. */
function rankRefusals(
  plan: CompiledPlan,
  { component, rank }: { component?: string | undefined; rank: string },
): Refusal[] {
  if (plan.components.some(({ name, ranks }) => (component ?? name) === name && ranks.includes(rank))) return [];
  const detail =
    component === undefined ? 'no component of the plan has it' : `component ${component} does not have it`;
  return [{ code: 'commissions.rank_unknown', detail: `rank ${rank}: ${detail}` }];
}

/** The place of the first rule that a trade meets, or -1. */
export function matchRule(rules: readonly CompiledRule[], trade: TradeFacts): number {
  return rules.findIndex(
    ({ symbol, symbolGroup, accountGroup }) =>
      (symbol === undefined || symbol === trade.symbol) &&
      (symbolGroup === undefined || symbolGroup === trade.symbolGroup) &&
      (accountGroup === undefined || accountGroup === trade.accountGroup),
  );
}

/** A rate as people write it: at least 2 decimals. */
export const rateText = (units: bigint, digits: number): string =>
  formatDecimal({ coefficient: units, scale: digits }, 2);

function compileComponent(
  component: PlanComponent,
  { currency, rateAgeHoursMax = RATE_AGE_HOURS_MAX }: PlanDefinition,
): CompiledComponent {
  const rateDigits = ledgerExponent(currency);
  const model = modelOf(component.model);
  const frame = frameOf(component, rateDigits);
  const mode = levelModeOf(component.levels);
  return {
    name: component.name,
    model: model.kind,
    needsExecution: model.needsExecution,
    earn: model.compile(component.model, { currency, rateAgeMsMax: rateAgeHoursMax * HOUR_MS }),
    levelMode: mode.kind,
    usesRates: mode.usesRates,
    ranks: mode.ranks?.(component.levels) ?? [],
    weigh: mode.compile(component.levels, frame),
    rules: component.rules.map(({ name, symbol, symbolGroup, accountGroup, budget }) => ({
      name,
      symbol,
      symbolGroup,
      accountGroup,
      budgetUnits: fitting(budget, rateDigits),
    })),
    traderRebate: fitting(component.traderRebate, PERCENT_DIGITS),
    filters: component.filters.map((filter) => ({ kind: filter.kind, judge: filterOf(filter).compile(filter) })),
  };
}

const frameOf = ({ name, model, rules }: PlanComponent, rateDigits: number): LevelFrame => ({
  component: name,
  ratePerLot: modelOf(model).rate === 'per_lot',
  rateDigits,
  rules: rules.map((rule) => ({ name: rule.name, budgetUnits: fitting(rule.budget, rateDigits) })),
});

const rateUnits = (text: string, digits: number): bigint | undefined => rescale(parseDecimal(text), digits);

function fitting(text: string, digits: number): bigint {
  const units = rateUnits(text, digits);
  if (units === undefined) throw new RangeError(`${text} has more than ${digits} decimals: compiled without a check`);
  return units;
}

const tooFine = (what: string, text: string, digits: number): Refusal => ({
  code: 'commissions.rate_too_fine',
  detail: `${what}: ${text} has more than ${digits} decimals`,
});

function repeatedNames(what: string, named: readonly { readonly name: string }[]): Refusal[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name } of named) (seen.has(name) ? repeated : seen).add(name);
  return [...repeated].map((name) => ({
    code: 'commissions.names_not_unique',
    detail: `${what}: ${name} occurs twice`,
  }));
}
