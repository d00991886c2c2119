import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ecbQuotations } from '../../src/trading/rates/ecb.ts';
import { pathOf } from '../../src/trading/rates/rules.ts';
import { conversionsOf, importRates } from '../../src/trading/rates/service.ts';
import type { StoredRate } from '../../src/trading/rates/types.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const at = new Date('2026-03-10T15:00:00Z');
const rows = (...pairs: string[]): StoredRate[] =>
  pairs.map((pair, place) => {
    const [base = '', quote = ''] = pair.split('/');
    return { key: BigInt(place), base, quote, rate: '1', source: 'ecb', at };
  });
const way = (from: string, to: string, ...pairs: string[]) =>
  pathOf(from, to, rows(...pairs))?.map(({ base, quote }) => `${base}/${quote}`);

describe('the way from one currency to another', () => {
  it.each([
    {
      what: 'a direct rate wins over an inverse one',
      found: way('JPY', 'USD', 'USD/JPY', 'JPY/USD'),
      path: ['JPY/USD'],
    },
    {
      what: 'an inverse one over a cross',
      found: way('JPY', 'GBP', 'USD/JPY', 'GBP/USD', 'GBP/JPY'),
      path: ['GBP/JPY'],
    },
    {
      what: 'a cross by USD over one by EUR',
      found: way('JPY', 'GBP', 'EUR/JPY', 'EUR/GBP', 'USD/JPY', 'GBP/USD'),
      path: ['USD/JPY', 'GBP/USD'],
    },
    {
      what: 'one by EUR over the others',
      found: way('JPY', 'GBP', 'AUD/JPY', 'AUD/GBP', 'EUR/JPY', 'EUR/GBP'),
      path: ['EUR/JPY', 'EUR/GBP'],
    },
    {
      what: 'the others by alphabet',
      found: way('JPY', 'GBP', 'CHF/JPY', 'CHF/GBP', 'AUD/JPY', 'GBP/AUD'),
      path: ['AUD/JPY', 'GBP/AUD'],
    },
    {
      what: 'a way of three rates is none',
      found: way('JPY', 'GBP', 'USD/JPY', 'EUR/USD', 'EUR/GBP'),
      path: undefined,
    },
  ])('$what', ({ found, path }) => expect(found).toEqual(path));
});

describe('a file of the ECB', () => {
  it('gives what one EUR is in each currency, published at 16:00 by the clock of Frankfurt', () =>
    expect(ecbQuotations('Date,USD,CYP,JPY,\n2018-07-31,1.1736,N/A,131.15,\n2018-12-31,1.145,N/A,125.85,\n')).toEqual([
      { base: 'EUR', quote: 'USD', rate: '1.1736', source: 'ecb', at: new Date('2018-07-31T14:00:00Z') },
      { base: 'EUR', quote: 'JPY', rate: '131.15', source: 'ecb', at: new Date('2018-07-31T14:00:00Z') },
      { base: 'EUR', quote: 'USD', rate: '1.145', source: 'ecb', at: new Date('2018-12-31T15:00:00Z') },
      { base: 'EUR', quote: 'JPY', rate: '125.85', source: 'ecb', at: new Date('2018-12-31T15:00:00Z') },
    ]));

  it.each([
    '',
    'Time,USD\n',
    'Date\n',
    'Date,usd\n',
    'Date,USD\nyesterday,1.1\n',
    'Date,USD\n2018-13-31,1.1\n',
    'Date,USD\n2018-02-30,1.1\n',
    'Date,USD\n2018-12-31,1e3\n',
    'Date,USD\n2018-12-31,0\n',
    'Date,USD\n2018-12-31,-1\n',
  ])('of which a line cannot be read is refused as a whole: %j', (text) =>
    expect(() => ecbQuotations(text)).toThrow(expect.objectContaining({ code: 'trading.rates_file_invalid' })),
  );
});

describe('stored rates', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());
  const quotation = (quote: string, rate: string, day: string) => ({
    base: 'EUR',
    quote,
    rate,
    source: 'ecb',
    at: new Date(day),
  });

  it('are added once; another figure for the same instant changes nothing and is counted', async () => {
    const given = [quotation('USD', '1.10', '2026-03-09T15:00:00Z'), quotation('JPY', '160.5', '2026-03-09T15:00:00Z')];
    expect(await acme.inTenant((tx) => importRates(tx, given))).toEqual({ added: 2, known: 0, different: 0 });
    expect(await acme.inTenant((tx) => importRates(tx, given))).toEqual({ added: 0, known: 2, different: 0 });
    const changed = [
      quotation('USD', '1.11', '2026-03-09T15:00:00Z'),
      quotation('USD', '1.12', '2026-03-10T15:00:00Z'),
    ];
    expect(await acme.inTenant((tx) => importRates(tx, changed))).toEqual({ added: 1, known: 0, different: 1 });
  });

  it('are asked for as of an instant: the latest at or before it, with how old it is', async () => {
    const ask = (instant: string, from = 'JPY', to = 'USD') => ({ from, to, at: new Date(instant) });
    const found = await acme.inTenant((tx) =>
      conversionsOf(tx, [
        ask('2026-03-10T14:59:59.999Z'),
        ask('2026-03-10T15:00:00Z'),
        ask('2026-03-09T14:59:59.999Z'),
        ask('2026-03-10T15:00:00Z', 'GBP'),
      ]),
    );
    const figures = found.map((one) =>
      one?.rows.map(({ base, quote, rate, ageMs }) => `${base}/${quote} ${rate} ${ageMs}`),
    );
    expect(figures).toEqual([
      ['EUR/JPY 160.5 86399999', 'EUR/USD 1.10 86399999'],
      ['EUR/JPY 160.5 86400000', 'EUR/USD 1.12 0'],
      undefined,
      undefined,
    ]);
  });

  const file = join(import.meta.dirname, '../../../shared/data/fx/ecb_eurofxref_2015_2018.csv');
  it.skipIf(!existsSync(file))(
    'of four years of the ECB are imported, and lead from yen to dollars on a Sunday',
    async () => {
      const quotations = ecbQuotations(readFileSync(file, 'utf8'));
      expect(quotations.length).toBeGreaterThan(30_000);
      expect(await acme.inTenant((tx) => importRates(tx, quotations))).toMatchObject({ added: quotations.length });
      const [found] = await acme.inTenant((tx) =>
        conversionsOf(tx, [{ from: 'JPY', to: 'USD', at: new Date('2018-12-30T12:00:00Z') }]),
      );
      expect(found?.rows).toMatchObject([
        { base: 'EUR', quote: 'JPY', rate: '126.4', at: '2018-12-28T15:00:00.000Z' },
        { base: 'EUR', quote: 'USD', rate: '1.1454', at: '2018-12-28T15:00:00.000Z' },
      ]);
    },
  );
});
