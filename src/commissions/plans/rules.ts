import { ledgerExponent } from '../../kernel/currency.ts';
import { adjusterOf } from '../adjusters/index.ts';
import { STAGES } from '../adjusters/types.ts';
import type { AgreementTerms, PlanComponent, PlanDefinition } from '../definitions/contract.ts';
import { adjusterFrameOf, compileAgreement, compilePlan, frameOf, ratedOf } from '../definitions/rules.ts';
import type { CompiledPlan } from '../definitions/types.ts';
import { filterOf } from '../filters/index.ts';
import { levelModeOf } from '../levels/index.ts';
import { modelOf } from '../models/index.ts';
import { periodRefusals } from '../periods/rules.ts';
import { fitting, rateText, rateUnits } from '../rules.ts';
import type { Refusal } from '../types.ts';

/** An IB whose agreement a plan version must keep, with the words by which a refusal names it. */
export type AgreementToCheck = { readonly ib: string; readonly terms: AgreementTerms };

/**
 * All that forbids the publication of a plan version; empty when it may be published.
 * `agreements` are those in force under the plan: a rate of theirs above the budget is refused here, never clipped later.
 */
export function checkDefinition(definition: PlanDefinition, agreements: readonly AgreementToCheck[] = []): Refusal[] {
  const rateDigits = ledgerExponent(definition.currency);
  const first = [
    ...(definition.components.length === 0 && definition.periods === undefined
      ? [{ code: 'commissions.plan_empty' as const, detail: 'neither by the trade nor by the period' }]
      : []),
    ...repeatedNames('components', [...definition.components, ...(definition.periods ?? [])]),
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
  const periods = (definition.periods ?? []).flatMap((period) => periodRefusals(period, rateDigits));
  if (periods.length > 0) return periods;
  const unjudged = definition.counts === 'open' || definition.counts === 'both' ? needingCloses(definition) : [];
  if (unjudged.length > 0) return unjudged;
  const adjusting = definition.components.flatMap((component) => adjusterRefusals(component, definition));
  if (adjusting.length > 0) return adjusting;
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

/** What forbids the adjusters of a component: their settings, or two of a stage that takes one. */
function adjusterRefusals(component: PlanComponent, definition: PlanDefinition): Refusal[] {
  const frame = adjusterFrameOf(component, definition);
  const adjusters = component.adjusters ?? [];
  const stages = adjusters.map((settings) => adjusterOf(settings).stage);
  const twice = STAGES.filter((stage) => stage !== 'cap' && stages.filter((each) => each === stage).length > 1);
  return [
    ...twice.map((stage): Refusal => ({ code: 'commissions.adjuster_twice', detail: `${component.name}: ${stage}` })),
    ...adjusters.flatMap((settings) => adjusterOf(settings).refusals(settings, frame)),
  ];
}

/** Filters that can judge closing deals only, in a plan that counts deals that open volume. */
const needingCloses = ({ components }: PlanDefinition): Refusal[] =>
  components.flatMap(({ name, filters }) =>
    filters
      .filter((filter) => filterOf(filter).needsClose === true)
      .map(({ kind }) => ({ code: 'commissions.filter_needs_close', detail: `${name}: ${kind}` })),
  );

/** All that forbids an agreement under a plan version: rates above the budget, too fine, or for rules that are not there. */
export function checkAgreement(plan: CompiledPlan, terms: AgreementTerms): Refusal[] {
  const formal = terms.flatMap((term): Refusal[] => {
    if ('rank' in term) return rankRefusals(plan, term);
    if (rateUnits(term.rate, plan.rateDigits) === undefined)
      return [tooFine('an agreed rate', term.rate, plan.rateDigits)];
    const named = ratedOf(plan).some(
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
  return ratedOf(plan).flatMap(({ name, rules, usesRates }, component) =>
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

/** A rank must be one of a component that it is meant for. */
function rankRefusals(
  plan: CompiledPlan,
  { component, rank }: { component?: string | undefined; rank: string },
): Refusal[] {
  if (ratedOf(plan).some(({ name, ranks }) => (component ?? name) === name && ranks.includes(rank))) return [];
  const detail =
    component === undefined ? 'no component of the plan has it' : `component ${component} does not have it`;
  return [{ code: 'commissions.rank_unknown', detail: `rank ${rank}: ${detail}` }];
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
