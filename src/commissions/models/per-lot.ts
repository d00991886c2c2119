import { z } from 'zod';
import { formatDecimal } from '../../kernel/decimal.ts';
import { LOT_DIGITS, type Earn, type Model } from '../types.ts';

/** 10^0 to 10^38: the scale of the lots and of any lot factor together. */
const POWERS = Array.from({ length: 39 }, (_, digits) => 10n ** BigInt(digits));

/**
 * Per lot: closed lots x lot factor of the account group x rate (commission-models, Base models).
 * 1.37 lots at 7.00 earn 9.59; with a factor of 0.4, 100 lots count as 40.
 */
const earn: Earn = (trade, rateUnits, note) => {
  const { coefficient, scale } = trade.lotFactor;
  const digits = LOT_DIGITS + scale;
  const denominator = POWERS[digits] ?? 10n ** BigInt(digits);
  const counted = trade.lots * coefficient;
  note?.({
    lots: formatDecimal({ coefficient: trade.lots, scale: LOT_DIGITS }),
    lotFactor: formatDecimal(trade.lotFactor),
    countedLots: formatDecimal({ coefficient: counted, scale: digits }),
  });
  if (coefficient === 0n) return 'group_counts_nothing';
  return { numerator: counted * rateUnits, denominator };
};

export const perLot = {
  kind: 'per_lot',
  rate: 'per_lot',
  needsExecution: false,
  settings: z.strictObject({ kind: z.literal('per_lot') }),
  compile: () => earn,
} satisfies Model & { settings: z.ZodType };
