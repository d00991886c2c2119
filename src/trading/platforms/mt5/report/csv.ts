import { isDecimal, parseDecimal, rescale } from '../../../../kernel/decimal.ts';
import { reportProblem } from '../../../errors.ts';
import type { RawDeal } from '../../../types.ts';
import { plainNumberText } from './numbers.ts';

/** history_deals_get of the terminal's Python package, by its own column names, in any order (protocol notes, section 3). */
const NEEDED = ['ticket', 'time', 'type', 'entry', 'volume', 'price', 'symbol', 'position_id'] as const;
/** Columns that go over as they are, under the names of the feed. */
const SAME = [
  ['ticket', 'Deal'],
  ['order', 'Order'],
  ['position_id', 'PositionID'],
  ['type', 'Action'],
  ['entry', 'Entry'],
  ['reason', 'Reason'],
  ['symbol', 'Symbol'],
  ['price', 'Price'],
  ['profit', 'Profit'],
  ['commission', 'Commission'],
  ['fee', 'Fee'],
  ['swap', 'Storage'],
  ['time', 'Time'],
  ['time_msc', 'TimeMsc'],
] as const;
const CELLS_MAX = 5_000_000;
const LOT_DIGITS = 8;

/** Splits CSV by RFC 4180: quoted cells may hold the separator, line ends and doubled quotes. */
function recordsOf(text: string, separator: string): string[][] {
  const cell = /"((?:[^"]|"")*)"|([^"\r\n]*?)(?=[\r\n]|$|SEPARATOR)/y;
  const pattern = new RegExp(cell.source.replace('SEPARATOR', separator === '\t' ? '\\t' : separator), 'y');
  const records: string[][] = [];
  let record: string[] = [];
  for (let at = 0, count = 0; at <= text.length; count += 1) {
    if (count > CELLS_MAX) throw reportProblem('trading.report_too_large', { detail: `More than ${CELLS_MAX} cells` });
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null)
      throw reportProblem('trading.report_malformed', { detail: `Row ${records.length + 1}: a quote is not closed` });
    record.push(match[1] === undefined ? (match[2] ?? '').trim() : match[1].replaceAll('""', '"'));
    at = pattern.lastIndex;
    if (text[at] === separator) {
      at += 1;
      continue;
    }
    if (at < text.length && text[at] !== '\r' && text[at] !== '\n')
      throw reportProblem('trading.report_malformed', {
        detail: `Row ${records.length + 1}: text after a closing quote`,
      });
    records.push(record);
    record = [];
    at += text.startsWith('\r\n', at) ? 2 : 1;
  }
  return records.filter((cells) => cells.length > 1 || cells[0] !== '');
}

/** Whether a text begins like rows of history_deals_get, and what separates its columns. */
export function csvSeparatorOf(text: string): string | undefined {
  const header = text.slice(0, 1000).split(/[\r\n]/, 1)[0] ?? '';
  return [',', ';', '\t'].find((separator) => {
    const names = new Set(header.split(separator).map((name) => name.trim().replaceAll('"', '')));
    return NEEDED.every((name) => names.has(name));
  });
}

/** The deals of a CSV file in the feed's form. The file does not say whose account it is. */
export function dealsOfCsv(text: string, separator: string, login: string): RawDeal[] {
  const [header = [], ...records] = recordsOf(text, separator);
  const column = new Map(header.map((name, index) => [name, index]));
  return records.map((cells, index) => {
    if (cells.length !== header.length)
      throw reportProblem('trading.report_malformed', {
        detail: `Row ${index + 2}: ${cells.length} cells under ${header.length} headings`,
        row: index + 2,
      });
    const value = (name: string): string => cells[column.get(name) ?? -1] ?? '';
    const deal: { [field: string]: string } = { Login: login };
    for (const [theirs, ours] of SAME)
      if (value(theirs) !== '') deal[ours] = ours === 'Symbol' ? value(theirs) : plainNumberText(value(theirs));
    const lots = plainNumberText(value('volume'));
    const units = isDecimal(lots) ? rescale(parseDecimal(lots), LOT_DIGITS) : undefined;
    if (units === undefined || units < 0n)
      throw reportProblem('trading.report_malformed', {
        detail: `Row ${index + 2}: volume is ${JSON.stringify(lots.slice(0, 40))}`,
        row: index + 2,
      });
    if (units > 0n) deal['VolumeExt'] = String(units);
    return deal;
  });
}
