/** What a spreadsheet would take for a formula, and what it may step over to find one. */
const FORMULA = /^[=+\-@\t\r]/;
/** A number below 0, as amounts are written: it is a figure to a spreadsheet, and to whatever adds up the column. */
const NEGATIVE = /^-\d+(?:\.\d+)?$/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * One cell of a CSV file (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in front, by which
 * spreadsheets know it as text; a plain negative number, as text too, does not.
 */
export function csvCell(value: string | number | bigint): string {
  const text = String(value);
  const isFormula = typeof value === 'string' && FORMULA.test(text) && !NEGATIVE.test(text);
  const safe = isFormula ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line of a CSV file, with its end. */
export const csvLine = (cells: readonly (string | number | bigint)[]): string => `${cells.map(csvCell).join(',')}\r\n`;
