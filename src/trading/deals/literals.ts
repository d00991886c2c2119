/**
 * Postgres array literals, written here because a batch has thirty columns of a thousand values and the driver's general
 * writer quotes each of them. Values of the first two never need quotes.
 */
export const plainArray = (values: readonly (number | bigint | boolean | string)[]): string => `{${values.join(',')}}`;

export const nullableArray = (values: readonly (number | bigint | string | undefined)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join(',')}}`;

const SPECIAL = /["\\]/g;

/** Any text, quoted. */
export const textArray = (values: readonly string[]): string =>
  `{${values.map((value) => `"${value.replace(SPECIAL, '\\$&')}"`).join(',')}}`;

/** JSON texts: none holds a line feed, so they travel as lines and are split by `string_to_array(…, E'\n')`. */
export const jsonLines = (values: readonly unknown[]): string =>
  values.map((value) => JSON.stringify(value)).join('\n');
