import { isDecimal } from '../../kernel/decimal.ts';
import { utcFromServerTime } from '../platforms/server-time.ts';
import { ratesProblem } from './errors.ts';
import type { Quotation } from './types.ts';

/** The European Central Bank publishes its reference rates at about 16:00 by its own clock. */
const PUBLISHED = { zone: 'Europe/Berlin', shiftMinutes: 0 } as const;
const PUBLISHED_HOUR_MS = 16 * 3_600_000;
const DAY = /^\d{4}-\d\d-\d\d$/;
const CODE = /^[A-Z]{3}$/;

/**
 * The quotations of a file of ECB reference rates (eurofxref-hist.csv): `Date,USD,JPY,…`, then a day per line with what one EUR
 * is in each currency; N/A and empty cells are left out. `trading.rates_file_invalid` names the line that cannot be read.
 */
export function ecbQuotations(text: string): Quotation[] {
  const [header = '', ...lines] = text.split(/\r?\n/);
  const [first, ...names] = header.split(',').map((cell) => cell.trim());
  if (first !== 'Date') throw ratesProblem('trading.rates_file_invalid', { detail: 'Line 1 does not begin with Date' });
  const currencies = names.filter((name) => name !== '');
  if (currencies.length === 0 || !currencies.every((name) => CODE.test(name)))
    throw ratesProblem('trading.rates_file_invalid', { detail: 'Line 1 names no currencies' });
  return lines.flatMap((line, place) => (line.trim() === '' ? [] : quotationsOf(line, place + 2, currencies)));
}

function quotationsOf(line: string, number: number, currencies: readonly string[]): Quotation[] {
  const [day = '', ...cells] = line.split(',').map((cell) => cell.trim());
  const dayMs = DAY.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  const isDay = !Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(day); // The 31st of February is none.
  const at = isDay ? utcFromServerTime(PUBLISHED, dayMs + PUBLISHED_HOUR_MS) : undefined;
  if (at?.kind !== 'instant')
    throw ratesProblem('trading.rates_file_invalid', { detail: `Line ${number} does not begin with a day` });
  return currencies.flatMap((quote, place): Quotation[] => {
    const rate = cells[place] ?? '';
    if (rate === '' || rate === 'N/A') return [];
    if (!isDecimal(rate) || !/[1-9]/.test(rate) || rate.startsWith('-'))
      throw ratesProblem('trading.rates_file_invalid', {
        detail: `Line ${number}: the rate of ${quote} is no decimal above 0`,
      });
    return [{ base: 'EUR', quote, rate, source: 'ecb', at: new Date(at.utcMs) }];
  });
}
