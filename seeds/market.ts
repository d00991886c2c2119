import type { GroupSetting, SymbolMapping } from '../src/trading/index.ts';

/** The common clock of FX servers: the day ends at the New York close, the switch follows the US dates. */
export const NEW_YORK_CLOSE = { zone: 'America/New_York', shiftMinutes: 420 } as const;

const fx = (symbol: string, digits: number): SymbolMapping => ({
  rawName: symbol,
  symbol,
  symbolGroup: 'fx',
  digits,
  contractSize: '100000',
  pipSize: digits === 3 ? '0.01' : '0.0001',
  profitCurrency: symbol.slice(3),
  baseCurrency: symbol.slice(0, 3),
});

/** The symbols of the demo brokers' server, and of the MetaTrader files whose figures are in feed-fixture.ndjson. */
export const DEMO_SYMBOLS: readonly SymbolMapping[] = [
  ...['EURUSD', 'GBPUSD', 'AUDUSD', 'NZDUSD', 'USDCHF', 'USDCAD', 'USDCNH', 'EURGBP'].map((symbol) => fx(symbol, 5)),
  fx('USDJPY', 3),
  {
    rawName: 'XAUUSD',
    symbol: 'XAUUSD',
    symbolGroup: 'metals',
    digits: 2,
    contractSize: '100',
    pipSize: '0.01',
    profitCurrency: 'USD',
  },
  {
    rawName: 'BTCUSD',
    symbol: 'BTCUSD',
    symbolGroup: 'crypto',
    digits: 2,
    contractSize: '1',
    pipSize: '1',
    profitCurrency: 'USD',
  },
];

/** Account groups as the platform names them: cent accounts count a hundredth, demo accounts earn nothing. */
export const DEMO_GROUPS: readonly GroupSetting[] = [
  { name: 'real\\standard', lotFactor: '1', pays: true },
  { name: 'real\\raw', lotFactor: '0.4', pays: true },
  { name: 'real\\cent', lotFactor: '0.01', pays: true },
  { name: 'demo\\standard', lotFactor: '1', pays: false },
];
