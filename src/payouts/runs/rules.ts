import { type Currency, ledgerExponent, minorExponent } from '../../kernel/currency.ts';
import { parseDecimal, roundHalfEven } from '../../kernel/decimal.ts';
import { formatAmount } from '../../kernel/money.ts';
import { lifecycleOf } from '../machine.ts';
import type { Party } from '../types.ts';
import {
  type Due,
  type ItemEvent,
  type ItemState,
  type KeptConversion,
  type RunEvent,
  type RunState,
  type Settlement,
  UNPAID_CODES,
  type UnpaidCode,
} from './types.ts';

/** The lifecycle of a run. A run that is being posted is not cancelled: it is stopped, and ends partly. */
export const runStep = lifecycleOf<RunState, RunEvent>({
  draft: { submit: 'submitted', cancel: 'cancelled' },
  submitted: { recall: 'draft', approve: 'posting', cancel: 'cancelled' },
  posting: { end_paid: 'paid', end_partly: 'partly' },
  paid: {},
  partly: {},
  cancelled: {},
});

/** The lifecycle of an item. What was paid stays paid. */
export const itemStep = lifecycleOf<ItemState, ItemEvent>({
  included: { hold: 'held', remove: 'removed', pay: 'paid', refuse: 'unpaid' },
  held: { release: 'included', remove: 'removed' },
  removed: { add: 'included' },
  paid: {},
  unpaid: {},
});

/** What decides over payments, found before. `Name`s are those of `purseOf`. */
export type Purses = {
  /** What may be paid out at most. */
  readonly free: ReadonlyMap<string, bigint>;
  /** Statements, by key, that would pay a line which is disputed. */
  readonly disputed: ReadonlySet<bigint>;
  /** The ways to other currencies, by `from to`; absent where there is none. */
  readonly conversions: ReadonlyMap<string, KeptConversion>;
  readonly rateAgeMsMax: number;
};

/** By what a beneficiary's money in a currency is named. */
export const purseOf = ({ kind, key }: Party, currency: Currency): string => `${kind} ${key} ${currency}`;

/** By what a way from one currency to another is named. */
export const conversionWay = (from: Currency, to: Currency): string => `${from} ${to}`;

/**
 * What becomes of items, in the order given: each is paid whole or not at all, and no beneficiary gets more than is free. A
 * statement that would pay a disputed line waits.
 */
export function settle(dues: readonly Due[], { free, disputed, conversions, rateAgeMsMax }: Purses): Settlement[] {
  const left = new Map(free);
  return dues.map((due): Settlement => {
    const { party, currency, payableUnits, walletCurrency } = due;
    const purse = purseOf(party, currency);
    const has = left.get(purse) ?? 0n;
    const unpaid = (code: UnpaidCode, detail: string = UNPAID_CODES[code]): Settlement => ({
      due,
      kind: 'unpaid',
      code,
      detail,
    });
    if (due.isOnHold) return unpaid('on_hold');
    if (has < payableUnits)
      return unpaid(
        'not_free',
        `${formatAmount({ units: has, currency })} ${currency} is free. ${UNPAID_CODES.not_free}`,
      );
    if (disputed.has(due.statementKey)) return unpaid('line_disputed');
    const conversion = currency === walletCurrency ? null : conversions.get(conversionWay(currency, walletCurrency));
    if (conversion === undefined) return unpaid('rate_missing');
    if (conversion?.rows.some(({ ageMs }) => ageMs > rateAgeMsMax) === true) return unpaid('rate_stale');
    const walletUnits =
      conversion === null ? payableUnits : converted(payableUnits, currency, walletCurrency, conversion);
    if (walletUnits === 0n) return unpaid('below_minor_unit');
    left.set(purse, has - payableUnits);
    return { due, kind: 'paid', walletUnits, conversion };
  });
}

/**
 * An amount in another currency, both in ledger units: by the exact fraction of the rate rows, each taken as it is or turned
 * round, and rounded once, half to even, to whole minor units of the currency that it becomes.
 */
export function converted(units: bigint, from: Currency, to: Currency, { rows }: KeptConversion): bigint {
  let reached: string = from;
  let numerator = units;
  let denominator = 1n;
  for (const { base, quote, rate } of rows) {
    const { coefficient, scale } = parseDecimal(rate);
    const isDirect = base === reached;
    numerator *= isDirect ? coefficient : 10n ** BigInt(scale);
    denominator *= isDirect ? 10n ** BigInt(scale) : coefficient;
    reached = isDirect ? quote : base;
  }
  const minor = roundHalfEven(
    numerator * 10n ** BigInt(minorExponent(to)),
    denominator * 10n ** BigInt(ledgerExponent(from)),
  );
  return minor * 10n ** BigInt(ledgerExponent(to) - minorExponent(to));
}

/** How a run ends whose items are all settled. */
export const endOf = (unpaid: number): Extract<RunEvent, 'end_paid' | 'end_partly'> =>
  unpaid === 0 ? 'end_paid' : 'end_partly';
