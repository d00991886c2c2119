import { isUtf8 } from 'node:buffer';
import { reportProblem } from '../../../errors.ts';
import type { RawDeal } from '../../../types.ts';
import { translateDeal } from '../translate.ts';
import { csvSeparatorOf, dealsOfCsv } from './csv.ts';
import { accountOf, dealRowsOf, positionRowsOf, type DealRow, type Grid } from './grid.ts';
import { gridOfHtml } from './html.ts';
import { PositionBook, type PositionOfDeal } from './positions.ts';
import { gridOfWorkbook } from './workbook.ts';

/** What an MT5 report came to. `deals` are in the feed's own wire form, in the order of the file. */
export type Mt5Report = {
  readonly kind: 'html' | 'workbook' | 'csv';
  readonly login: string;
  /** The account's currency and server, where the file says them. */
  readonly currency: string | undefined;
  readonly server: string | undefined;
  readonly deals: readonly RawDeal[];
};

const BYTES_MAX = 32 * 1024 * 1024;
const DEALS_MAX = 200_000;

/** Values that every terminal writes in English, whatever the language of its headings. */
const ACTIONS = new Map([
  ['buy', 0],
  ['sell', 1],
  ['balance', 2],
  ['credit', 3],
  ['charge', 4],
  ['correction', 5],
  ['bonus', 6],
  ['commission', 7],
  ['commission daily', 8],
  ['commission monthly', 9],
  ['agent daily', 10],
  ['agent monthly', 11],
  ['interest', 12],
  ['buy canceled', 13],
  ['sell canceled', 14],
  ['dividend', 15],
  ['dividend franked', 16],
  ['tax', 17],
]);
/** No action of the platform: money that the report names in words of its own. */
const MONEY_UNCLASSIFIED = 255;
const ENTRIES = new Map([
  ['in', 0],
  ['out', 1],
  ['in/out', 2],
  ['out by', 3],
]);

function textOf(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  if (isUtf8(bytes)) return new TextDecoder('utf-8').decode(bytes);
  throw reportProblem('trading.report_foreign', {
    detail: 'The text is neither UTF-16 with a byte order mark nor UTF-8',
  });
}

const unknownWord = (row: DealRow, word: string) =>
  reportProblem('trading.report_malformed', {
    detail: `Row ${row.row + 1}: ${JSON.stringify(word.slice(0, 40))} is not known`,
    row: row.row + 1,
  });

/** One row of the table of deals in the feed's form. What the file does not tell (contract size, rate, reason) is left out. */
function rawDealOf(row: DealRow, login: string, position: PositionOfDeal | undefined): RawDeal {
  const isTraded = row.direction !== '';
  const action = ACTIONS.get(row.type) ?? (isTraded ? undefined : MONEY_UNCLASSIFIED);
  const entry = isTraded ? ENTRIES.get(row.direction) : 0;
  if (action === undefined) throw unknownWord(row, row.type);
  if (entry === undefined) throw unknownWord(row, row.direction);
  return {
    Deal: row.deal,
    Login: login,
    Order: row.order,
    ...(position && { PositionID: position.positionId }),
    Action: action,
    Entry: entry,
    ...(isTraded && { Symbol: row.symbol, Price: row.price ?? null }),
    ...(position?.priceOpen !== undefined && { PricePosition: position.priceOpen }),
    ...(row.volume !== undefined && { VolumeExt: String(row.volume) }),
    ...(position?.closedVolume !== undefined && { VolumeClosedExt: String(position.closedVolume) }),
    Profit: row.profit,
    Commission: row.commission,
    ...(row.fee !== undefined && { Fee: row.fee }),
    Storage: row.storage,
    Time: row.serverTimeS,
  };
}

function reportOfGrid(grid: Grid, kind: 'html' | 'workbook'): Mt5Report {
  const account = accountOf(grid);
  if (account === undefined)
    throw reportProblem('trading.report_foreign', { detail: 'No line names an account as MetaTrader 5 writes it' });
  const rows = dealRowsOf(grid);
  const isNetting = account.isNetting || rows.some(({ direction }) => direction === 'in/out');
  const book = new PositionBook(positionRowsOf(grid), isNetting);
  const deals = rows.map((row) => rawDealOf(row, account.login, row.direction === '' ? undefined : book.take(row)));
  return { kind, login: account.login, currency: account.currency, server: account.server, deals };
}

async function read(bytes: Buffer, login: string | undefined): Promise<Mt5Report> {
  if (bytes.subarray(0, 2).toString('latin1') === 'PK') return reportOfGrid(await gridOfWorkbook(bytes), 'workbook');
  const text = textOf(bytes);
  const separator = csvSeparatorOf(text);
  if (separator === undefined) {
    if (!/^\s*</.test(text))
      throw reportProblem('trading.report_foreign', {
        detail: 'Neither HTML, nor a workbook, nor rows of history_deals_get',
      });
    return reportOfGrid(gridOfHtml(text), 'html');
  }
  if (login === undefined) throw reportProblem('trading.report_login_needed');
  return { kind: 'csv', login, currency: undefined, server: undefined, deals: dealsOfCsv(text, separator, login) };
}

/**
 * Reads a file that people export from MetaTrader 5: the HTML report, the ReportHistory workbook, or rows of
 * history_deals_get as CSV (which needs the `login`). The kind is told by the content, the columns by position and
 * shape, so that the terminal's language does not matter. Names, comments and document properties are not read.
 *
 * Position ids: an entry's is its order. A closing deal's is that of the row of the table of positions which ends at its
 * time, price and volume; where the file has no such row, of the open positions of the symbol and the other side the
 * oldest that the deal closes whole, else the oldest.
 *
 * Throws `trading.report_foreign`, `_malformed` (with the row), `_too_large`, `_empty` or `_login_needed`.
 */
export async function readMt5Report(
  bytes: Uint8Array,
  { login }: { readonly login?: string } = {},
): Promise<Mt5Report> {
  if (bytes.length > BYTES_MAX) throw reportProblem('trading.report_too_large', { detail: `${bytes.length} bytes` });
  const report = await read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), login);
  if (report.deals.length === 0) throw reportProblem('trading.report_empty');
  if (report.deals.length > DEALS_MAX)
    throw reportProblem('trading.report_too_large', { detail: `${report.deals.length} deals` });
  for (const [index, deal] of report.deals.entries()) {
    const read = translateDeal(deal);
    if (!read.ok)
      throw reportProblem('trading.report_malformed', {
        detail: `Deal ${index + 1} of the file: ${read.code}: ${read.detail}`,
      });
  }
  return report;
}
