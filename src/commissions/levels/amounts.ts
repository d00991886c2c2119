import { formatDecimal, parseDecimal, rescale } from '../../kernel/decimal.ts';
import { PERCENT_DIGITS, PERCENT_WHOLE } from '../contract.ts';
import type { LevelFrame, Refusal } from '../types.ts';

/** Levels or slots in percent of the earning, or in amounts per lot that are shares of the budget rate. */
export type Amounts = { readonly unit: 'percent' | 'amount'; readonly texts: readonly string[] };

/** Amounts in whole units, or undefined where one has more decimals than its unit keeps. */
function unitsOf({ unit, texts }: Amounts, rateDigits: number): bigint[] | undefined {
  const digits = unit === 'percent' ? PERCENT_DIGITS : rateDigits;
  const units = texts.map((text) => rescale(parseDecimal(text), digits));
  return units.every((each) => each !== undefined) ? units : undefined;
}

/** `unitsOf` amounts that were not refused. */
export function fittingUnits(amounts: Amounts, rateDigits: number): bigint[] {
  const units = unitsOf(amounts, rateDigits);
  if (units === undefined) throw new RangeError('compile() takes levels that were not refused');
  return units;
}

export const sumOf = (units: readonly bigint[]): bigint => units.reduce((sum, each) => sum + each, 0n);

/**
 * What forbids amounts: too many decimals, more than 100 percent or than a budget rate in all, or amounts per lot of a model that
 * does not pay by the lot. `scaled` amounts may add to more than a budget rate. `what` names them.
 */
export function amountRefusals(amounts: Amounts, frame: LevelFrame, what: string, scaled: boolean): Refusal[] {
  const units = unitsOf(amounts, frame.rateDigits);
  if (units === undefined)
    return [
      {
        code: 'commissions.rate_too_fine',
        detail: `${frame.component}: an amount of a ${what} has more than ${frame.rateDigits} decimals`,
      },
    ];
  const sum = sumOf(units);
  if (amounts.unit === 'percent') {
    if (sum <= PERCENT_WHOLE) return [];
    const total = formatDecimal({ coefficient: sum, scale: PERCENT_DIGITS });
    return [
      { code: 'commissions.percentages_above_100', detail: `${frame.component}: the ${what}s add to ${total} %` },
    ];
  }
  if (!frame.ratePerLot)
    return [
      { code: 'commissions.amounts_need_per_lot', detail: `${frame.component}: its model does not pay by the lot` },
    ];
  if (scaled) return [];
  return frame.rules
    .filter(({ budgetUnits }) => budgetUnits > 0n && sum > budgetUnits) // A rule of budget 0 pays nothing, so there is nothing to share.
    .map(({ name, budgetUnits }) => {
      const [total, budget] = [sum, budgetUnits].map((each) =>
        formatDecimal({ coefficient: each, scale: frame.rateDigits }, 2),
      );
      return {
        code: 'commissions.levels_above_budget',
        detail: `${frame.component}: the ${what}s add to ${total}, rule ${name} has ${budget}`,
      };
    });
}
