import { z } from 'zod';
import { RateText } from '../contract.ts';
import type { Measure } from '../counters/types.ts';
import { fitting, rateText, rateUnits } from '../rules.ts';
import { isAbove, wholeNumber } from '../models/fractions.ts';
import { counterOf, countOf, ownerOf, sumOver, windowOf } from './measures.ts';
import { type Adjust, type Adjuster, LOOKS_AT_NOTHING, type Owned } from './types.ts';

const settings = z.discriminatedUnion('of', [
  /** For each closing deal. */
  z.strictObject({ kind: z.literal('cap'), of: z.literal('order'), amount: RateText }),
  /** For all that a client, a direct IB, or the whole plan earns in a UTC day or month. */
  z.strictObject({
    kind: z.literal('cap'),
    of: z.enum(['client', 'ib', 'plan']),
    over: z.enum(['day', 'month']),
    amount: RateText,
  }),
]);

const PAID = { client: 'paid_client', ib: 'paid_ib', plan: 'paid_plan' } as const satisfies Record<string, Measure>;

/**
 * Cap: what goes beyond it is not paid. In plan currency, over a trade's own part and what its tier is trued up by together. Exact
 * amounts are cut to what is left in whole ledger units, so that rounding never passes it.
 */
const adjusting =
  (most: bigint, digits: number): Adjust =>
  (amount, { seen, note }) => {
    const taken = seen[0] ?? 0n;
    const left = taken < most ? most - taken : 0n;
    note?.({ cap: rateText(most, digits), taken: rateText(taken, digits), left: rateText(left, digits) });
    if (left === 0n) return { amount: wholeNumber(0n), reason: 'cap_reached' };
    return { amount: isAbove(amount, wholeNumber(left)) ? wholeNumber(left) : amount };
  };

export const cap = {
  kind: 'cap',
  stage: 'cap',
  settings,
  refusals: (given, { component, rateDigits }) =>
    rateUnits(settings.parse(given).amount, rateDigits) === undefined
      ? [{ code: 'commissions.rate_too_fine', detail: `${component}: a cap has more than ${rateDigits} decimals` }]
      : [],
  compile: (given, { component, rateDigits }) => {
    const setting = settings.parse(given);
    const adjust = adjusting(fitting(setting.amount, rateDigits), rateDigits);
    if (setting.of === 'order') return { ...LOOKS_AT_NOTHING, adjust };
    const { of, over } = setting;
    const nameOf = (trade: Owned) => counterOf(component, PAID[of], ownerOf(of, trade));
    return {
      looks: 1,
      looksOf: (trade) => [sumOver(nameOf(trade), windowOf(over, trade))],
      adjust,
      paid: (trade) => countOf(nameOf(trade), trade, 0n),
    };
  },
} satisfies Adjuster & { settings: z.ZodType };
