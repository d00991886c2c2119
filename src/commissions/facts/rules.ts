import { type Decimal, formatDecimal, parseDecimal, roundHalfEven } from '../../kernel/decimal.ts';
import { type PeriodLine, periodParts } from '../periods/types.ts';
import { type AppliedRates, type ExecutionFacts, LOT_DIGITS } from '../types.ts';
import type { PeriodItem, Unknown } from './types.ts';

/** As many decimals as a decimal text may have: what is finer is rounded, far below any amount that is booked. */
const DIGITS_MAX = 20;

const times = (...factors: readonly Decimal[]): Decimal => ({
  coefficient: factors.reduce((whole, { coefficient }) => whole * coefficient, 1n),
  scale: factors.reduce((whole, { scale }) => whole + scale, 0),
});

const plus = (left: Decimal, right: Decimal): Decimal => {
  const scale = Math.max(left.scale, right.scale);
  const at = (each: Decimal): bigint => each.coefficient * 10n ** BigInt(scale - each.scale);
  return { coefficient: at(left) + at(right), scale };
};

const negative = ({ coefficient, scale }: Decimal): Decimal => ({ coefficient: -coefficient, scale });

/** An amount as text, exact up to 20 decimals. */
const amountText = (amount: Decimal): string =>
  formatDecimal(
    amount.scale <= DIGITS_MAX
      ? amount
      : {
          coefficient: roundHalfEven(amount.coefficient, 10n ** BigInt(amount.scale - DIGITS_MAX)),
          scale: DIGITS_MAX,
        },
  );

/** What a closing deal brought the house, and the client: spread, commission, profit. Lots are closed ones, in 10^-8. */
export function itemsOfExecution(
  execution: ExecutionFacts,
  lots: bigint,
  at: Date,
): { readonly items: readonly PeriodItem[]; readonly unknown: readonly Unknown[] } {
  const { closeBid, closeAsk, contractSize, profitCurrency, depositCurrency, rateProfit, charged, profit } = execution;
  const items: PeriodItem[] = [];
  const unknown: Unknown[] = [];
  if (closeBid === undefined || closeAsk === undefined)
    unknown.push({ part: 'spread', code: 'commissions.price_unknown' });
  else {
    const spread = plus(parseDecimal(closeAsk), negative(parseDecimal(closeBid)));
    const amount = times(spread, parseDecimal(contractSize), { coefficient: lots, scale: LOT_DIGITS });
    const own = rateProfit === undefined ? undefined : parseDecimal(rateProfit);
    const inDeposit =
      own === undefined || own.coefficient <= 0n
        ? undefined
        : { currency: depositCurrency, amount: times(amount, own) };
    if (amount.coefficient > 0n) items.push({ part: 'spread', at, currency: profitCurrency, amount, inDeposit }); // A negative spread counts as 0.
  }
  if (charged === undefined) unknown.push({ part: 'commission', code: 'commissions.open_unknown' });
  else items.push({ part: 'commission', at, currency: depositCurrency, amount: parseDecimal(charged) });
  if (profit === undefined) unknown.push({ part: 'profit', code: 'commissions.price_unknown' });
  else items.push({ part: 'profit', at, currency: depositCurrency, amount: parseDecimal(profit) });
  return { items: items.filter(({ amount }) => amount.coefficient !== 0n), unknown };
}

/** The amount of an item as a plan takes it: by the deal's own rate where that gives the plan's currency. */
export const inPlan = (
  { currency, amount, inDeposit }: PeriodItem,
  planCurrency: string,
): { readonly currency: string; readonly amount: Decimal } =>
  currency !== planCurrency && inDeposit?.currency === planCurrency ? inDeposit : { currency, amount };

/**
 * Items added up by part, currency and rates, in one fixed order: the same items give the same lines. The age of a rate is the
 * greatest that it had at any of them.
 */
export function linesOf(
  items: readonly { readonly item: PeriodItem; readonly rates: AppliedRates | undefined }[],
  planCurrency: string,
): PeriodLine[] {
  const sums = new Map<
    string,
    { item: PeriodItem; amount: Decimal; currency: string; items: number; rates: AppliedRates | undefined }
  >();
  for (const { item, rates } of items) {
    const { currency, amount } = inPlan(item, planCurrency);
    const name = [item.part, currency, ...(rates?.rows.map(({ key }) => key) ?? [])].join(' ');
    const sum = sums.get(name);
    if (sum === undefined) sums.set(name, { item, amount, currency, items: 1, rates });
    else {
      sum.amount = plus(sum.amount, amount);
      sum.items += 1;
      if (rates !== undefined) sum.rates = oldest(sum.rates, rates);
    }
  }
  const rank = ({ item, currency, rates }: { item: PeriodItem; currency: string; rates: AppliedRates | undefined }) =>
    [
      String(periodParts.indexOf(item.part)).padStart(2, '0'),
      currency,
      ...(rates?.rows.map(({ key }) => key.padStart(20, '0')) ?? []),
    ].join(' ');
  return [...sums.values()]
    .map((sum) => ({ sum, name: rank(sum) }))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map(({ sum: { item, amount, currency, items: count, rates } }) => ({
      part: item.part,
      currency,
      amount: amountText(amount),
      items: count,
      ...(rates !== undefined && { rates }),
    }));
}

const oldest = (one: AppliedRates | undefined, other: AppliedRates): AppliedRates => ({
  ...other,
  rows: other.rows.map((row, place) => ({ ...row, ageMs: Math.max(row.ageMs, one?.rows[place]?.ageMs ?? 0) })),
});
