import type { AgreementTerms, PlanDefinition } from '../definitions/contract.ts';
import type { CompiledPlan } from '../definitions/types.ts';
import { fractionOf, isAbove, product, wholeNumber } from '../models/fractions.ts';
import type { PeriodComponent } from '../periods/contract.ts';
import type { Fraction } from '../types.ts';
import { wordsOf } from '../wording/rules.ts';
import { found, paidShareMax, percentText } from './rules.ts';
import type { LintFinding } from './types.ts';

const hundredth = ({ numerator, denominator }: Fraction): Fraction => ({ numerator, denominator: denominator * 100n });
const placeOf = (name: string): string => `periods[${name}]`;

type Ladder = Extract<PeriodComponent['model'], { readonly kind: 'cpa' }>;

/**
 * What there is to say of what a plan pays by the period: of each component what it costs at most, in percent of what it is a
 * share of, and what of its ladders, gates and parts can never be met.
 */
export const periodFindings = (
  { periods = [] }: PlanDefinition,
  plan: CompiledPlan,
  terms: readonly AgreementTerms[],
): LintFinding[] =>
  periods.flatMap((component, at) => {
    const place = plan.components.length + at;
    return [costOf(component, paidShareMax(plan, place, 0, terms)), ...neverMet(component)];
  });

/** The most that a component gives of what it is measured by: a client's net revenue or loss, or its deposits. */
function modelMax({ model, part }: PeriodComponent): { readonly of: string; readonly most: Fraction } {
  const counted = hundredth(fractionOf(part));
  if (model.kind !== 'cpa')
    return { of: `a client's ${wordsOf(model.kind)}`, most: product(hundredth(fractionOf(model.share)), counted) };
  let most = wholeNumber(0n);
  for (const { steps } of model.tables)
    for (const { deposits, pays } of steps) {
      const [needed, paid] = [fractionOf(deposits), fractionOf(pays)];
      if (needed.numerator === 0n) continue; // It is a gift, whatever is deposited: told as such below.
      const share = product(paid, { numerator: needed.denominator, denominator: needed.numerator });
      if (isAbove(share, most)) most = share;
    }
  return { of: "a client's deposits", most: product(most, counted) };
}

function costOf(component: PeriodComponent, paid: Fraction): LintFinding {
  const { name } = component;
  const { of, most } = modelMax(component);
  const earnedPercentMax = percentText(most);
  const paidPercentMax = percentText(product(most, paid));
  const sentence = `${name} costs up to ${paidPercentMax} % of ${of}: it earns up to ${earnedPercentMax} %, of which IBs and clients get up to ${percentText(paid)} %.`;
  return found('period_cost', placeOf(name), sentence, { earnedPercentMax, paidPercentMax });
}

/** Sentences of what can never be met, or never pays. */
function neverMet(component: PeriodComponent): LintFinding[] {
  const { name, model, part } = component;
  const said = (place: string, sentence: string): LintFinding =>
    found('period_never_pays', `${placeOf(name)}${place}`, sentence);
  if (fractionOf(part).numerator === 0n) return [said('', `${name} never pays: 0 % of it counts.`)];
  if (model.kind === 'cpa') return neverMetOf(model).map(([place, sentence]) => said(place, `${name}: ${sentence}`));
  if (fractionOf(model.share).numerator === 0n) return [said('', `${name} never pays: its share is 0 %.`)];
  const costsOnly =
    model.kind === 'net_revenue' && model.parts?.every((each) => each !== 'spread' && each !== 'commission') === true;
  return costsOnly ? [said('', `${name} never pays: of its parts none brings the house anything.`)] : [];
}

/** Of ladders and their gates: where, and why it can never be met. */
function neverMetOf({ tables, gates = {} }: Ladder): [place: string, sentence: string][] {
  const said: [string, string][] = [];
  const named = new Set<string>();
  let isAll = false;
  for (const [at, { countries, steps }] of tables.entries()) {
    if (isAll || countries?.every((code) => named.has(code)) === true)
      said.push([`.tables[${at}]`, `table ${at + 1} is nobody's: the tables before it name all of its countries.`]);
    for (const { deposits, pays } of steps)
      if (fractionOf(pays).numerator === 0n)
        said.push([`.tables[${at}]`, `the step of ${deposits} in table ${at + 1} pays 0.`]);
    for (const code of countries ?? []) named.add(code);
    isAll ||= countries === undefined;
  }
  const { withinDays, tradingDays, firstDeposits } = gates;
  if (withinDays !== undefined && tradingDays !== undefined && tradingDays > withinDays + 1)
    said.push([
      '.gates.tradingDays',
      `${tradingDays} days of trading are never reached within ${withinDays} days of the first deposit.`,
    ]);
  if (withinDays !== undefined && firstDeposits !== undefined && firstDeposits.hours > withinDays * 24)
    said.push([
      '.gates.firstDeposits',
      `of ${firstDeposits.hours} hours only those of the first ${withinDays} days count: all must be reached by then.`,
    ]);
  return said;
}
