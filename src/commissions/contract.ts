import { z } from 'zod';

/** Decimals that a percentage may have: percentages are whole numbers of 10^-6 percent inside. */
export const PERCENT_DIGITS = 6;

/** 100 percent in the unit of compiled percentages. */
export const PERCENT_WHOLE = 100n * 10n ** BigInt(PERCENT_DIGITS);

/** A rate or an amount in plan currency, not negative, as text; how fine it may be is the currency's matter (`checkDefinition`). */
export const RateText = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?$/, 'expected a plain decimal from 0 to below 10^12, as text');

/** A percentage from 0 to 100 as text. */
export const PercentText = z
  .string()
  .regex(
    /^(?:100(?:\.0{1,6})?|[1-9]?[0-9](?:\.[0-9]{1,6})?)$/,
    'expected a percentage from 0 to 100 with at most 6 decimals, as text',
  );

/** The word by which a component or a rule of a plan is called, in agreements and explanations. */
export const NameText = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'expected a name of a-z, 0-9, _ and -');

/** A true-up is a component of its own: its number is that of the component whose tier it is, plus this. */
export const TRUE_UP_COMPONENT = 32;

/** What a component of a plan version is called by its number; a number of none is its own name. */
export function componentName(names: readonly string[], component: number): string {
  const name = names[component % TRUE_UP_COMPONENT];
  if (name === undefined) return String(component);
  return component < TRUE_UP_COMPONENT ? name : `${name}, true-up`;
}
