import { roundHalfEven } from '../../kernel/decimal.ts';
import { matchRule } from '../definitions/rules.ts';
import type { CompiledPlan } from '../definitions/types.ts';
import type { TradeFacts } from '../types.ts';
import type { BookingFinding } from './types.ts';

/**
 * The most that each component of a plan may cost for a trade: what the model gives at the budget rate of the rule that
 * wins, without a look at tree, agreements or filters. Independent of how it was shared.
 */
export function budgetsOf(plan: CompiledPlan, trade: TradeFacts): bigint[] {
  return plan.components.map((component) => {
    const rule = component.rules[matchRule(component.rules, trade)];
    if (rule === undefined || trade.lots === 0n) return 0n;
    const earning = component.earn(trade, rule.budgetUnits);
    return typeof earning === 'string' ? 0n : roundHalfEven(earning.numerator, earning.denominator);
  });
}

const FINDINGS_OF_RULE_MAX = 100;

/** Collects breaches, at most 100 of each rule: a wreck must not fill the memory. */
export class Findings {
  readonly all: BookingFinding[] = [];
  readonly #counts = new Map<string, number>();

  /** How many more findings of a rule are taken. */
  room(rule: string): number {
    return FINDINGS_OF_RULE_MAX - (this.#counts.get(rule) ?? 0);
  }

  add(rule: string, found: { readonly subject: string; readonly detail: string }): void {
    if (this.room(rule) <= 0) return;
    this.#counts.set(rule, (this.#counts.get(rule) ?? 0) + 1);
    this.all.push({ rule, ...found });
  }
}
