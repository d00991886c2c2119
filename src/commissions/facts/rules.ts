import { type Decimal, formatDecimal, parseDecimal, roundHalfEven } from '../../kernel/decimal.ts';
import { type PeriodLine, type PeriodPart, periodParts } from '../periods/types.ts';
import { type AppliedRates, type ExecutionFacts, LOT_DIGITS, type ParkCode } from '../types.ts';
import type { PeriodFacts, PeriodItem, Unknown } from './types.ts';

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

type Sum = {
  readonly part: PeriodPart;
  readonly currency: string;
  amount: Decimal;
  items: number;
  rates: AppliedRates | undefined;
};

/** Lines that are added up at most: a period of more waits, visibly. */
const LINES_MAX = 20_000;

/**
 * Adds a period up, however many items it has: by part, currency and rates, exactly. The same items give the same lines, in
 * whatever order and pages they come. The age of a rate is the greatest that it had at any of them.
 */
export class PeriodSums {
  readonly #sums = new Map<string, Sum>();
  readonly #unknown = new Map<PeriodPart, ParkCode>();
  readonly #currency: string;
  readonly #linesMax: number;

  constructor(planCurrency: string, linesMax = LINES_MAX) {
    this.#currency = planCurrency;
    this.#linesMax = linesMax;
  }

  /** Takes an amount in, with the rates from its currency to that of the plan at its time. */
  add(item: PeriodItem, rates: AppliedRates | undefined): void {
    const { amount, currency } = inPlan(item, this.#currency);
    const name = [item.part, currency, ...(rates?.rows.map(({ key }) => key) ?? [])].join(' ');
    const sum = this.#sums.get(name);
    if (sum !== undefined) {
      sum.amount = plus(sum.amount, amount);
      sum.items += 1;
      if (rates !== undefined) sum.rates = oldest(sum.rates, rates);
    } else if (this.#sums.size < this.#linesMax)
      this.#sums.set(name, { part: item.part, currency, amount, items: 1, rates });
    else this.lack({ part: item.part, code: 'commissions.period_too_large' });
  }

  /** Notes that an amount is not known; of each part the first lack is told. */
  lack({ part, code }: Unknown): void {
    if (!this.#unknown.has(part)) this.#unknown.set(part, code);
  }

  /** All that was taken in, the lines in one fixed order. */
  facts(): PeriodFacts {
    const rank = ({ part, currency, rates }: Sum): string =>
      [
        String(periodParts.indexOf(part)).padStart(2, '0'),
        currency,
        ...(rates?.rows.map(({ key }) => key.padStart(20, '0')) ?? []),
      ].join(' ');
    const lines = [...this.#sums.values()]
      .map((sum) => ({ sum, name: rank(sum) }))
      .sort((left, right) => (left.name < right.name ? -1 : 1))
      .map(({ sum: { part, currency, amount, items, rates } }): PeriodLine => ({
        part,
        currency,
        amount: amountText(amount),
        items,
        ...(rates !== undefined && { rates }),
      }));
    return { lines, unknown: [...this.#unknown].map(([part, code]) => ({ part, code })) };
  }
}

const oldest = (one: AppliedRates | undefined, other: AppliedRates): AppliedRates => ({
  ...other,
  rows: other.rows.map((row, place) => ({ ...row, ageMs: Math.max(row.ageMs, one?.rows[place]?.ageMs ?? 0) })),
});
