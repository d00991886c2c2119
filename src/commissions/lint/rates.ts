import type { PlanDefinition } from '../definitions/contract.ts';
import type { CompiledComponent, CompiledPlan } from '../definitions/types.ts';
import { type AppliedRates, LOT_DIGITS, type TradeFacts } from '../types.ts';
import { found, winners } from './rules.ts';
import type { LintedSymbol, LintFinding, LintWorld } from './types.ts';

/** Where a trade of one kind of symbol by one kind of account leads to in rates; with one symbol that stands for all. */
type Example = { readonly symbol: LintedSymbol; readonly depositCurrency: string; symbols: number };
type Gap = 'rate_missing' | 'rate_stale' | 'base_currency_missing';

const GAPS: Readonly<Partial<Record<string, Gap>>> = {
  'commissions.rate_missing': 'rate_missing',
  'commissions.rate_stale': 'rate_stale',
  'commissions.base_currency_missing': 'base_currency_missing',
};

/**
 * Gaps in rates: for each component a trade is tried of every combination of currencies that is registered, with the rates as they
 * are known now. A component that could be paid for none of them is refused: nobody can mean that.
 */
export function rateFindings(
  { currency }: Pick<PlanDefinition, 'currency'>,
  plan: CompiledPlan,
  world: LintWorld,
): LintFinding[] {
  return plan.components.flatMap((component): LintFinding[] => {
    const examples = examplesFor(component, world);
    const gaps = examples.map((example) => ({ example, gap: gapOf(component, example, world) }));
    const unpaid = gaps.filter(({ gap }) => gap !== undefined);
    const [first] = unpaid;
    if (first === undefined) return [];
    const place = `components[${component.name}]`;
    if (unpaid.length === examples.length && gaps.every(({ gap }) => gap === 'rate_missing')) {
      const from = [
        ...new Set(examples.flatMap(({ symbol, depositCurrency }) => [symbol.profitCurrency, depositCurrency])),
      ];
      const sentence = `${component.name} needs rates to ${currency}, and none is known from ${listed(from)}: every trade would wait.`;
      return [found('currency_unreachable', place, sentence, { to: currency, from: from.join(' ') })];
    }
    return unpaid.map(({ example: { symbol, depositCurrency, symbols }, gap = 'rate_missing' }) => {
      const others = symbols > 1 ? ` and ${symbols - 1} more` : '';
      const why = {
        rate_missing: 'no rate is known between currencies that it needs',
        rate_stale: 'a rate that it needs is older than the plan allows',
        base_currency_missing: 'the symbol does not say its base currency',
      }[gap];
      return found(
        gap,
        place,
        `Trades of ${symbol.symbol}${others} (in ${symbol.profitCurrency}) by accounts in ${depositCurrency} would wait in ${component.name}: ${why}.`,
        { symbol: symbol.symbol, profitCurrency: symbol.profitCurrency, depositCurrency, plan: currency },
      );
    });
  });
}

const listed = (currencies: readonly string[]): string => currencies.filter((name) => name !== '').join(', ');

/** One symbol for each combination of currencies for which the component has a rule with a budget. */
function examplesFor(component: CompiledComponent, { symbols, groups, depositCurrencies }: LintWorld): Example[] {
  const find = winners(component);
  const kinds = new Map<string, Example>();
  const accounts = new Set(groups.map(({ name }) => name));
  for (const symbol of symbols) {
    const isPaid = [...accounts].some((group) => {
      const rule = component.rules[find(symbol.symbol, symbol.symbolGroup, group)];
      return rule !== undefined && rule.budgetUnits > 0n;
    });
    if (!isPaid) continue;
    for (const depositCurrency of depositCurrencies) {
      const name = `${symbol.profitCurrency} ${symbol.baseCurrency ?? ''} ${depositCurrency}`;
      const known = kinds.get(name);
      if (known === undefined) kinds.set(name, { symbol, depositCurrency, symbols: 1 });
      else known.symbols += 1;
    }
  }
  return [...kinds.values()];
}

/** What keeps a trade of this kind from being computed, where it is a rate. */
function gapOf(component: CompiledComponent, example: Example, world: LintWorld): Gap | undefined {
  const trade = exampleTrade(example, world);
  const budget = component.rules.find(({ budgetUnits }) => budgetUnits > 0n)?.budgetUnits ?? 0n;
  const earned = component.earn(trade, budget);
  if (typeof earned === 'string') return GAPS[earned];
  const owned = { ...trade, clientKey: 0, chain: [] };
  for (const { adjust, looks } of component.adjusters) {
    const sight = {
      trade: owned,
      rule: 0,
      counted: { numerator: 1n, denominator: 1n },
      seen: Array(looks).fill(0n),
      again: false,
    };
    const adjusted = adjust(earned, sight);
    if (typeof adjusted === 'string' && GAPS[adjusted] !== undefined) return GAPS[adjusted];
  }
  return undefined;
}

const HOUR_MS = 3_600_000;

/** A trade of one lot that tells all that a platform can tell, but for a rate of its own. */
function exampleTrade({ symbol, depositCurrency }: Example, { rates }: LintWorld): TradeFacts {
  const conversions = rates.flatMap((rate): AppliedRates[] => (rate.rates === undefined ? [] : [rate.rates]));
  const now = Date.now();
  return {
    lots: 10n ** BigInt(LOT_DIGITS),
    lotFactor: { coefficient: 1n, scale: 0 },
    symbol: symbol.symbol,
    symbolGroup: symbol.symbolGroup,
    accountGroup: '',
    openedAtMs: now - HOUR_MS,
    closedAtMs: now,
    timesHaveMs: true,
    execution: {
      contractSize: symbol.contractSize,
      pipSize: symbol.pipSize,
      digits: symbol.digits,
      baseCurrency: symbol.baseCurrency,
      profitCurrency: symbol.profitCurrency,
      depositCurrency,
      side: 'buy',
      openPrice: '1.1',
      closePrice: '1.2',
      openBid: '1.1',
      openAsk: '1.2',
      closeBid: '1.2',
      closeAsk: '1.3',
      profit: '100',
      charged: '10',
      conversions,
    },
  };
}
