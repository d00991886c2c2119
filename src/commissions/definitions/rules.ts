import { ledgerExponent } from '../../kernel/currency.ts';
import { adjusterOf } from '../adjusters/index.ts';
import { type AdjusterFrame, type CompiledAdjuster, STAGES } from '../adjusters/types.ts';
import { PERCENT_DIGITS } from '../contract.ts';
import { filterOf } from '../filters/index.ts';
import { levelModeOf } from '../levels/index.ts';
import { modelOf } from '../models/index.ts';
import { compilePeriods } from '../periods/rules.ts';
import { fitting } from '../rules.ts';
import type { AgreementRates, LevelFrame, TradeFacts } from '../types.ts';
import type { AgreementTerms, PlanComponent, PlanDefinition } from './contract.ts';
import type { CompiledComponent, CompiledPlan, CompiledRule, RatedComponent } from './types.ts';

const HOUR_MS = 3_600_000;
/** Over Easter the European Central Bank publishes no rates for five days. */
const RATE_AGE_HOURS_MAX = 120;

/** A plan version that `checkDefinition` let through, ready for the engine. */
export function compilePlan(definition: PlanDefinition): CompiledPlan {
  const rateDigits = ledgerExponent(definition.currency);
  const filters = definition.components.flatMap((component) => component.filters.map(filterOf));
  const adjusters = definition.components.flatMap((component) => component.adjusters ?? []);
  const components = definition.components.map((component) => compileComponent(component, definition));
  const { counts = 'close', asOf = 'close', rateAgeHoursMax = RATE_AGE_HOURS_MAX } = definition;
  return {
    currency: definition.currency,
    rateDigits,
    rateAgeMsMax: rateAgeHoursMax * HOUR_MS,
    needsExecution:
      definition.components.some(({ model }) => modelOf(model).needsExecution) ||
      filters.some((filter) => filter.needsExecution === true) ||
      adjusters.some((settings) => adjusterOf(settings).needsExecution?.(settings) === true),
    needsNotional:
      definition.components.some(({ model }) => modelOf(model).needsNotional === true) ||
      adjusters.some((settings) => adjusterOf(settings).needsNotional?.(settings) === true),
    needsAccountState: adjusters.some((settings) => adjusterOf(settings).needsAccountState === true),
    countsDeposits: adjusters.some((settings) => adjusterOf(settings).countsDeposits?.(settings) === true),
    looksAtCounters: components.some(({ adjusters: compiled }) => compiled.some(({ looks }) => looks > 0)),
    needsOpens: asOf === 'open' || filters.some((filter) => filter.needsOpen === true),
    needsChannel: filters.some((filter) => filter.needsChannel === true),
    counts,
    asOf,
    components,
    periods: compilePeriods(definition.periods ?? [], rateDigits, components.length),
  };
}

/** All that agreements may give rates for, in the order in which they keep them: components, then what is paid by the period. */
export const ratedOf = ({ components, periods }: CompiledPlan): readonly RatedComponent[] => [
  ...components,
  ...periods,
];

/** An agreement's rate for each rule of each component of a plan version, in ledger units; for the engine's chains. */
export const compileAgreement = (plan: CompiledPlan, terms: AgreementTerms): AgreementRates =>
  compileTerms(plan, terms).map((rates) => rates.map((rate) => rate ?? 0n));

/** The same, undefined where no term speaks of a rule: what is looked up next may. */
export function compileTerms(plan: CompiledPlan, terms: AgreementTerms): readonly (readonly (bigint | undefined)[])[] {
  const parsed = terms.flatMap((term) =>
    'rank' in term ? [] : [{ ...term, units: fitting(term.rate, plan.rateDigits) }],
  );
  return ratedOf(plan).map((component) => {
    if (component.ranks.length > 0) {
      const rank = rankOf(component, terms);
      return component.rules.map(() => rank);
    }
    return component.rules.map((rule) => {
      const term = parsed.find(
        (one) => (one.component ?? component.name) === component.name && (one.rule ?? rule.name) === rule.name,
      );
      // A rule of budget 0 pays nothing: a rate meant for everything does not break it, one that names it does.
      return rule.budgetUnits === 0n && term !== undefined && term.rule === undefined ? 0n : term?.units;
    });
  });
}

/** The rank that the first term gives which names the component or none, and a rank of it: 1 is the lowest. */
function rankOf({ name, ranks }: RatedComponent, terms: AgreementTerms): bigint | undefined {
  for (const term of terms) {
    if (!('rank' in term) || (term.component ?? name) !== name) continue;
    const place = ranks.indexOf(term.rank);
    if (place >= 0) return BigInt(place + 1);
  }
  return undefined;
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

function compileComponent(component: PlanComponent, definition: PlanDefinition): CompiledComponent {
  const { currency, rateAgeHoursMax = RATE_AGE_HOURS_MAX } = definition;
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
    adjusters: compileAdjusters(component, adjusterFrameOf(component, definition)),
  };
}

/** The adjusters of a component in the order of their stages; of one stage as the plan lists them. */
const compileAdjusters = ({ adjusters = [] }: PlanComponent, frame: AdjusterFrame): CompiledAdjuster[] =>
  adjusters
    .map((settings) => {
      const adjuster = adjusterOf(settings);
      return { kind: adjuster.kind, stage: adjuster.stage, ...adjuster.compile(settings, frame) };
    })
    .toSorted((left, right) => STAGES.indexOf(left.stage) - STAGES.indexOf(right.stage));

/** What an adjuster must know of a component. */
export const adjusterFrameOf = (
  { name, rules }: PlanComponent,
  { currency, rateAgeHoursMax = RATE_AGE_HOURS_MAX }: PlanDefinition,
): AdjusterFrame => {
  const rateDigits = ledgerExponent(currency);
  return {
    currency,
    rateAgeMsMax: rateAgeHoursMax * HOUR_MS,
    component: name,
    rateDigits,
    rules: rules.map((rule) => ({ name: rule.name, budgetUnits: fitting(rule.budget, rateDigits) })),
  };
};

/** What a level mode must know of a component. */
export const frameOf = ({ name, model, rules }: PlanComponent, rateDigits: number): LevelFrame => ({
  component: name,
  ratePerLot: modelOf(model).rate === 'per_lot',
  rateDigits,
  rules: rules.map((rule) => ({ name: rule.name, budgetUnits: fitting(rule.budget, rateDigits) })),
});
