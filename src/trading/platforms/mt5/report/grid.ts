import { formatDecimal, isDecimal, parseDecimal, rescale } from '../../../../kernel/decimal.ts';
import { reportProblem } from '../../../errors.ts';

/** A report as rows of trimmed texts, hidden cells left out. Both HTML and workbook become this. */
export type Grid = readonly (readonly string[])[];

/** Whose report it is, from the line `<login> (USD, 1:100, <server>, demo, Hedge)`. The client's name is never read. */
export type ReportAccount = {
  readonly login: string;
  readonly currency: string;
  readonly server: string | undefined;
  readonly isNetting: boolean;
};

/** One row of the table of deals; figures are decimal texts, `volume` is in 1e-8 lot and undefined for money. */
export type DealRow = {
  readonly row: number;
  readonly serverTimeS: number;
  readonly deal: string;
  readonly order: string;
  readonly symbol: string;
  readonly type: string;
  readonly direction: string;
  readonly volume: bigint | undefined;
  readonly price: string | undefined;
  readonly commission: string;
  readonly fee: string | undefined;
  readonly storage: string;
  readonly profit: string;
};

/** One row of a table of positions. Of an open position the closing half is undefined. */
export type PositionRow = {
  readonly position: string;
  readonly symbol: string;
  readonly type: string;
  readonly volume: bigint;
  readonly priceOpen: string;
  readonly closedAtS: number | undefined;
  readonly priceClose: string | undefined;
};

const TIME = /^([0-9]{4})\.([0-9]{2})\.([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})$/;
const TICKET = /^[1-9][0-9]{0,18}$/;
const ACCOUNT = /^([1-9][0-9]{0,18}) ?\((.+)\)$/;
const GROUPED = /^-?[0-9]{1,3}(?: [0-9]{3})+(?:\.[0-9]+)?$/;
/** The account stands above the first table. */
const ACCOUNT_ROWS_MAX = 20;
const LOT_DIGITS = 8;

/** Server time in seconds since 1970, as if the server's clock were UTC; undefined if the text is no time. */
function serverSecondsOf(text: string): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries an impossible day over into the next month: then the text does not come back.
  return new Date(ms).toISOString().slice(0, 19) === text.replaceAll('.', '-').replace(' ', 'T')
    ? ms / 1000
    : undefined;
}

/** A number of the report as decimal text; thousands may be split by spaces. */
function figure(row: number, name: string, text: string): string {
  const plain = GROUPED.test(text) ? text.replaceAll(' ', '') : text;
  if (!isDecimal(plain)) throw malformed(row, `${name} is ${JSON.stringify(text.slice(0, 40))}`);
  return formatDecimal(parseDecimal(plain));
}

const malformed = (row: number, what: string) =>
  reportProblem('trading.report_malformed', { detail: `Row ${row + 1}: ${what}`, row: row + 1 });

/** Lots as text in 1e-8 lot. */
function volumeOf(row: number, text: string): bigint {
  const units = rescale(parseDecimal(figure(row, 'The volume', text)), LOT_DIGITS);
  if (units === undefined || units < 0n) throw malformed(row, `The volume is ${JSON.stringify(text.slice(0, 40))}`);
  return units;
}

/** Finds the account line by its shape, in whatever language its label is. */
export function accountOf(grid: Grid): ReportAccount | undefined {
  for (const cells of grid.slice(0, ACCOUNT_ROWS_MAX)) {
    for (const cell of cells) {
      const [, login, list] = ACCOUNT.exec(cell) ?? [];
      const [currency, ...rest] = (list ?? '').split(',').map((word) => word.trim());
      if (login === undefined || currency === undefined || !/^[A-Z]{3,5}$/.test(currency)) continue;
      const modes = new Set(rest.map((word) => word.toLowerCase()));
      const server = rest.find(
        (word) => !/^(?:1:[0-9]+|demo|real|contest|hedge|hedging|netting|exchange)$/i.test(word),
      );
      return { login, currency, server, isNetting: modes.has('netting') || modes.has('exchange') };
    }
  }
  return undefined;
}

/** The first rows of every table start with a time and a ticket; only deals have no figure in the fifth column. */
const isTableRow = (cells: readonly string[]): boolean => TIME.test(cells[0] ?? '') && TICKET.test(cells[1] ?? '');
const isDealRow = (cells: readonly string[]): boolean =>
  isTableRow(cells) &&
  cells.length >= 12 &&
  !/^[0-9]/.test(cells[4] ?? '') &&
  /^(?:[1-9][0-9]*|0|)$/.test(cells[7] ?? '');

/** Where commission, fee, swap and profit stand, by how many columns follow the order: fee and cost came later. */
const LAYOUTS = new Map([
  [5, { commission: 8, fee: undefined, storage: 9, profit: 10 }],
  [6, { commission: 8, fee: 9, storage: 10, profit: 11 }],
  [7, { commission: 9, fee: 10, storage: 11, profit: 12 }], // The eighth is the cost.
]);

function layoutOf(header: readonly string[], row: number) {
  const columns = header.findLastIndex((cell) => cell !== '') + 1;
  const layout = LAYOUTS.get(columns - 8);
  if (layout === undefined) throw malformed(row, `A table of deals with ${columns} columns is not known`);
  return layout;
}

/** The rows of the table of deals, in the order of the file. */
export function dealRowsOf(grid: Grid): DealRow[] {
  const first = grid.findIndex(isDealRow);
  if (first < 1) return [];
  const layout = layoutOf(grid[first - 1] ?? [], first - 1);
  const rows: DealRow[] = [];
  for (let row = first; row < grid.length; row += 1) {
    const cells = grid[row] ?? [];
    if (!isDealRow(cells)) {
      if (TIME.test(cells[0] ?? '')) throw malformed(row, 'This is no deal, but the row of totals has not come');
      break; // The row of totals ends the table.
    }
    const cell = (column: number): string => cells[column] ?? '';
    const amount = (name: string, column: number): string =>
      figure(row, name, cell(column) === '' ? '0' : cell(column));
    const serverTimeS = serverSecondsOf(cell(0));
    if (serverTimeS === undefined) throw malformed(row, `The time is ${JSON.stringify(cell(0))}`);
    rows.push({
      row,
      serverTimeS,
      deal: cell(1),
      symbol: cell(2),
      type: cell(3).toLowerCase(),
      direction: cell(4).toLowerCase(),
      volume: cell(5) === '' ? undefined : volumeOf(row, cell(5)),
      price: cell(6) === '' ? undefined : figure(row, 'The price', cell(6)),
      order: cell(7) === '' ? '0' : cell(7),
      commission: amount('The commission', layout.commission),
      fee: layout.fee === undefined ? undefined : amount('The fee', layout.fee),
      storage: amount('The swap', layout.storage),
      profit: amount('The profit', layout.profit),
    });
  }
  return rows;
}

/**
 * The rows of the tables of positions, closed and open. They carry a plain volume in the fifth column, where orders
 * have `initial / filled`; a second time in the ninth tells a closed one, a figure there an open one.
 */
export function positionRowsOf(grid: Grid): PositionRow[] {
  const rows: PositionRow[] = [];
  for (const [row, cells] of grid.entries()) {
    const cell = (column: number): string => cells[column] ?? '';
    if (!isTableRow(cells) || !/^[0-9 ]+(?:\.[0-9]+)?$/.test(cell(4)) || cell(5) === '') continue;
    const closedAtS = serverSecondsOf(cell(8));
    rows.push({
      position: cell(1),
      symbol: cell(2),
      type: cell(3).toLowerCase(),
      volume: volumeOf(row, cell(4)),
      priceOpen: figure(row, 'The open price', cell(5)),
      closedAtS,
      priceClose: closedAtS === undefined ? undefined : figure(row, 'The close price', cell(9)),
    });
  }
  return rows;
}
