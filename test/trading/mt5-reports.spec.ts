import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/kernel/problem.ts';
import {
  closesVolume,
  parseFeedBody,
  readMt5Report,
  translateDeal,
  type Deal,
  type Mt5Report,
} from '../../src/trading/index.ts';
import { gridOfWorkbook } from '../../src/trading/platforms/mt5/report/workbook.ts';
import { htmlReport, workbook, zip } from './report-files.ts';

const shared = fileURLToPath(new URL('../../../shared/data/mt/', import.meta.url));
const fixture = fileURLToPath(new URL('../../seeds/feed-fixture.ndjson', import.meta.url));
const FILES = [
  'mt5_report_hedging_2016.html',
  'mt5_report_history_hedging_2022.xlsx',
  'mt5_history_deals_2026.csv',
] as const;
const readShared = (name: string): Promise<Mt5Report> =>
  readMt5Report(readFileSync(shared + name), { login: '900103' });

const nounsOf = ({ deals }: Pick<Mt5Report, 'deals'>): Deal[] =>
  deals.map((raw) => {
    const result = translateDeal(raw);
    if (!result.ok) throw new Error(result.detail);
    return result.value;
  });
const count = (deals: readonly Deal[]) => ({
  money: deals.filter(({ entry }) => entry === undefined).length,
  in: deals.filter(({ entry }) => entry === 'in').length,
  out: deals.filter(({ entry }) => entry === 'out').length,
  withoutPosition: deals.filter(({ entry, positionId }) => entry !== undefined && positionId === 0n).length,
});
/** The sum of decimal texts of two decimals. */
const cents = (texts: readonly (string | undefined)[]): number =>
  texts.reduce((sum, text) => sum + Math.round(Number(text) * 100), 0);
const refusalOf = async (bytes: Uint8Array, options: { login?: string } = {}): Promise<string> => {
  const error = await readMt5Report(bytes, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof Problem ? error.code : 'accepted';
};

describe.skipIf(!existsSync(shared))('the real files', () => {
  it('the HTML report of 2016 (UTF-16) gives 1 balance, 9 entries, 8 exits, and its own total', async () => {
    const report = await readShared(FILES[0]);
    const deals = nounsOf(report);
    expect(report).toMatchObject({ kind: 'html', login: '3873474', currency: 'USD', server: 'MetaQuotes-Demo' });
    expect(count(deals)).toEqual({ money: 1, in: 9, out: 8, withoutPosition: 0 });
    expect(deals[0]).toMatchObject({ action: 2, profit: '10000' }); // "10 000.00" in the file.
    expect(cents(deals.slice(1).map(({ profit }) => profit))).toBe(133_549);
    expect(cents(deals.map(({ storage }) => storage))).toBe(-172);
  });

  it('positions of the HTML report are derived such that profit, prices and volume agree', async () => {
    const closing = nounsOf(await readShared(FILES[0])).filter(closesVolume);
    for (const deal of closing.filter(({ symbol }) => symbol === 'USDCHF')) {
      // (close - open) x 100 000 / close, in USD, by the side of the position, which is the other than the deal's.
      const side = deal.action === 1 ? 1 : -1;
      const expected = ((Number(deal.price) - Number(deal.priceOpen)) * 100_000 * side) / Number(deal.price);
      expect(Math.abs(expected - Number(deal.profit))).toBeLessThan(0.011);
    }
    expect(closing).toHaveLength(8);
  });

  it('the workbook of 2022 gives 1 balance, 37 entries, 36 exits, and each exit the position of its row', async () => {
    const report = await readShared(FILES[1]);
    const deals = nounsOf(report);
    expect(report).toMatchObject({ kind: 'workbook', login: '5006391922', currency: 'USD', server: 'MetaQuotes-Demo' });
    expect(count(deals)).toEqual({ money: 1, in: 37, out: 36, withoutPosition: 0 });
    expect(cents(deals.slice(1).map(({ profit }) => profit))).toBe(-2136); // The file's row of totals.
    expect(cents(deals.map(({ storage }) => storage))).toBe(22);
    expect(new Set(deals.filter(closesVolume).map(({ positionId }) => positionId)).size).toBe(36);
    expect(new Set(deals.map(({ closedVolume }) => closedVolume))).toEqual(new Set([0n, 1_000_000n]));
    const [sell] = deals.filter(({ ticket }) => ticket === 50226341729n); // Two USDCHF buys were open: 0.96472 and 0.97984.
    expect(sell).toMatchObject({ positionId: 50222762797n, priceOpen: '0.96472', price: '0.97973', profit: '15.32' });
  });

  it('the rows of history_deals_get give 1 balance, 5 entries and 5 exits with milliseconds', async () => {
    const deals = nounsOf(await readShared(FILES[2]));
    expect(count(deals)).toEqual({ money: 1, in: 5, out: 5, withoutPosition: 0 });
    expect(deals.every(({ hasMs }) => hasMs)).toBe(true);
    const eurusd = deals.filter(({ symbol }) => symbol === 'EURUSD').map(({ commission }) => commission);
    expect(eurusd).toEqual(['-4', '0', '-4', '0']); // Charged on entry only.
    expect(deals[2]).toMatchObject({ commission: '-19.04', profit: '-107.16', serverTimeMs: 1_783_436_662_781 });
  });

  it('no name or comment of a file gets through', async () => {
    for (const name of FILES) {
      const text = JSON.stringify((await readShared(name)).deals);
      expect(text).not.toMatch(/comment|\[sl|\[tp|deposit|Demo/i);
    }
  });

  it('the feed fixture of the project holds exactly the deals with volume of the three files', async () => {
    const reports = await Promise.all(FILES.map(readShared));
    const expected = reports.flatMap(({ deals }) => deals.filter(({ VolumeExt }) => VolumeExt !== undefined));
    const lines = readFileSync(fixture, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual(expected.map((deal) => ({ type: 'deal.add', deal })));
  });

  it('a file that is no MT5 report is refused as foreign', async () => {
    for (const name of ['mt4_statement_demo_2016.htm', 'mt4_symbols_2021.json', 'README.md'])
      expect(await refusalOf(readFileSync(shared + name))).toBe('trading.report_foreign');
  });
});

describe('the feed fixture', () => {
  const results = parseFeedBody(readFileSync(fixture));
  const deals = results.flatMap((result) => (result.ok && result.line.type === 'deal.add' ? [result.line.deal] : []));

  it('is 100 good lines of three accounts: 51 entries and 49 trades', () => {
    expect(results).toHaveLength(100);
    expect(count(deals)).toEqual({ money: 0, in: 51, out: 49, withoutPosition: 0 });
    expect(new Set(deals.map(({ login }) => login))).toEqual(new Set([3873474n, 5006391922n, 900103n]));
    expect(new Set(deals.map(({ ticket }) => ticket)).size).toBe(100);
  });

  it('closes no position by more than it opened', () => {
    const open = new Map<bigint, bigint>();
    for (const deal of deals) {
      const left = (open.get(deal.positionId) ?? 0n) + deal.openedVolume - deal.closedVolume;
      expect(left).toBeGreaterThanOrEqual(0n);
      open.set(deal.positionId, left);
    }
  });
});

describe('a report in another language or of another age', () => {
  const spanish = ['Fecha/Hora', 'Transacción', 'Símbolo', 'Tipo', 'Dirección', 'Volumen', 'Precio', 'Orden'];
  const rows = [
    ['2026.03.02 10:00:00', '1', '', 'balance', '', '', '', '', '0.00', '0.00', '10 000.00', '10 000.00', 'X'],
    [
      '2026.03.02 10:00:01',
      '2',
      'EURUSD.r',
      'buy',
      'in',
      '1.00',
      '1.10',
      '11',
      '-3.50',
      '0.00',
      '0.00',
      '9 996.50',
      '',
    ],
    [
      '2026.03.02 10:05:00',
      '3',
      'EURUSD.r',
      'sell',
      'out',
      '0.40',
      '1.11',
      '12',
      '-1.40',
      '-0.10',
      '400.00',
      '10 395.00',
      '',
    ],
    [
      '2026.03.02 10:06:00',
      '4',
      'EURUSD.r',
      'sell',
      'in/out',
      '1.00',
      '1.12',
      '13',
      '-3.50',
      '0.00',
      '1 200.00',
      '11 591.50',
      '',
    ],
  ];
  const older = [[...spanish, 'Comisión', 'Swap', 'Beneficio', 'Balance', 'Comentario'], ...rows];
  const withFee = older.map((row, index) => [...row.slice(0, 9), index === 0 ? 'Tasa' : '-0.25', ...row.slice(9)]);
  const account = '900200 (EUR, 1:100, Broker-Live, real, Netting)';

  const expected = (fee: string | undefined) => [
    { ticket: 1n, action: 2, profit: '10000', entry: undefined, fee },
    { ticket: 2n, login: 900200n, positionId: 11n, entry: 'in', openedVolume: 100_000_000n, commission: '-3.5', fee },
    { ticket: 3n, positionId: 11n, entry: 'out', closedVolume: 40_000_000n, priceOpen: '1.1', storage: '-0.1', fee },
    {
      ticket: 4n,
      positionId: 11n,
      entry: 'in_out',
      closedVolume: 60_000_000n,
      openedVolume: 40_000_000n,
      profit: '1200',
      fee,
    },
  ];

  it('is recognised by the place and shape of its figures: HTML without fee', async () => {
    const report = await readMt5Report(htmlReport(account, older));
    expect(report).toMatchObject({ login: '900200', currency: 'EUR', server: 'Broker-Live' });
    expect(nounsOf(report)).toMatchObject(expected(undefined));
  });

  it('HTML with fee and a hidden cost', async () => {
    const hidden = withFee.map((row) => [...row.slice(0, 8), 'HIDDEN 77.00', ...row.slice(8)]);
    expect(nounsOf(await readMt5Report(htmlReport(account, hidden)))).toMatchObject(expected('-0.25'));
  });

  it('a workbook, older and newer, with volumes as text and figures as doubles', async () => {
    expect(nounsOf(await readMt5Report(workbook(account, older)))).toMatchObject(expected(undefined));
    expect(nounsOf(await readMt5Report(workbook(account, withFee)))).toMatchObject(expected('-0.25'));
  });

  it('a reversal whose open is not in the file says nothing of what it closed', async () => {
    const alone = [older[0] ?? [], rows[3] ?? []];
    const [deal] = nounsOf(await readMt5Report(htmlReport(account, alone)));
    expect(deal).toMatchObject({ entry: 'in_out', closedVolume: 0n, positionId: 0n });
  });

  it('is refused with its row where a figure or a word is none', async () => {
    const spoilt = (column: number, text: string) =>
      older.map((row, index) => (index === 3 ? row.with(column, text) : row));
    for (const [column, text] of [
      [5, '0,40'],
      [6, 'abc'],
      [10, '4e2'],
      [3, 'kaufen'],
      [4, 'raus'],
      [0, '2026.02.30 10:05:00'],
      [1, '12x'],
    ] as const) {
      const error = await readMt5Report(htmlReport(account, spoilt(column, text))).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect([text, error]).toMatchObject([text, { code: 'trading.report_malformed' }]);
    }
  });
});

describe('a file that is none', () => {
  it.each([
    ['nothing', Buffer.alloc(0), 'trading.report_foreign'],
    ['noise', Buffer.from([0x00, 0xff, 0x80]), 'trading.report_foreign'],
    ['HTML of something else', Buffer.from('<html><table><tr><td>1</td></tr></table>'), 'trading.report_foreign'],
    ['a report without deals', htmlReport('900200 (EUR, Broker-Live, real, Hedge)', []), 'trading.report_empty'],
    ['an archive that is cut off', workbook('1 (USD, X)', []).subarray(0, 300), 'trading.report_foreign'],
    ['an archive of something else', zip([['a.txt', Buffer.from('a')]]), 'trading.report_foreign'],
    ['too many bytes', Buffer.alloc(32 * 1024 * 1024 + 1), 'trading.report_too_large'],
  ])('%s gives a clear problem', async (_name, bytes, code) => {
    expect(await refusalOf(bytes)).toBe(code);
  });

  it('a workbook is not unpacked beyond its bound, whether or not it tells its size', async () => {
    const huge = deflateRawSync(Buffer.alloc(3_000_000));
    const lying = zip([['xl/workbook.xml', huge, { method: 8, stated: 10 }]]);
    const honest = zip([['xl/workbook.xml', huge, { method: 8, stated: 3_000_000 }]]);
    for (const bytes of [lying, honest])
      await expect(gridOfWorkbook(bytes, 1_000_000)).rejects.toMatchObject({ code: 'trading.report_too_large' });
  });

  it('rows of history_deals_get need a login, equal columns and closed quotes', async () => {
    const header = 'ticket;time;type;entry;volume;price;symbol;position_id;comment';
    const row = '7;1783436662;0;1;1e-02;0.99814000000000003;"EUR""USD";5;"a;b\nc"';
    const bytes = (...lines: string[]) => Buffer.from(`\ufeff${[header, ...lines].join('\r\n')}\r\n`);
    const report = await readMt5Report(bytes(row), { login: '5' });
    expect(nounsOf(report)).toMatchObject([
      { ticket: 7n, login: 5n, symbol: 'EUR"USD', price: '0.99814', closedVolume: 1_000_000n },
    ]);
    expect(await refusalOf(bytes(row))).toBe('trading.report_login_needed');
    expect(await refusalOf(bytes(`${row};8`), { login: '5' })).toBe('trading.report_malformed');
    expect(await refusalOf(bytes(row.replace('b\nc"', 'b')), { login: '5' })).toBe('trading.report_malformed');
    expect(await refusalOf(bytes(row.replace('1e-02', 'x')), { login: '5' })).toBe('trading.report_malformed');
    expect(await refusalOf(bytes(row.replace('7;', '7.5;')), { login: '5' })).toBe('trading.report_malformed');
    expect(await refusalOf(bytes(), { login: '5' })).toBe('trading.report_empty');
  });
});
