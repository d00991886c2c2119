import { currencies } from '../../kernel/currency.ts';
import type { SymbolMapping } from '../../trading/index.ts';

/** What a file shows of a symbol: decimals of its prices, and the contract size where the file has it. */
export type SeenSymbol = {
  readonly rawName: string;
  readonly digits: number;
  readonly contractSize: string | undefined;
};

const METALS = /^(?:XAU|XAG|XPT|XPD|GOLD|SILVER|PLATINUM|PALLADIUM)/;
const COINS = /^(?:BTC|ETH|LTC|BCH|XRP|SOL|TRX|ADA|DOT|DOGE|BNB|XLM|XMR|DASH|EOS)/;

/**
 * What a symbol that the demo broker does not have most likely is: a real broker maps it by hand, the demo assumes by the
 * customs of the platform (digits as the prices have them; contract and pip by class).
 */
export function assumeSymbol({ rawName, digits, contractSize }: SeenSymbol): SymbolMapping {
  const plain = rawName.toUpperCase().replace(/^[^A-Z0-9]+/, '');
  const pair = plain.slice(0, 6);
  const known = currencies();
  const isCoin = COINS.test(plain);
  const assumed = (
    symbolGroup: string,
    symbol: string,
    contract: string,
    pipSize: string,
    profitCurrency: string,
  ): SymbolMapping => ({
    rawName,
    symbol,
    symbolGroup,
    digits,
    contractSize: contractSize ?? contract,
    pipSize,
    profitCurrency,
  });
  const quote = known.has(pair.slice(3)) ? pair.slice(3) : 'USD';
  if (METALS.test(plain))
    return /^(?:XAG|SILVER)/.test(plain)
      ? assumed('metals', nameOf(plain, pair), '5000', '0.01', quote)
      : assumed('metals', nameOf(plain, pair), '100', '0.01', quote);
  if (!isCoin && /^[A-Z]{6}$/.test(pair) && known.has(pair.slice(0, 3)) && known.has(pair.slice(3)))
    return assumed('fx', pair, '100000', quote === 'JPY' ? '0.01' : '0.0001', quote);
  if (isCoin) return assumed('crypto', nameOf(plain, pair), '1', '1', quote);
  return assumed('others', plain.replace(/[^A-Z0-9].*$/, '') || rawName, '1', '1', 'USD');
}

/** XAUUSD.r is XAUUSD; GOLD# is GOLD. */
const nameOf = (plain: string, pair: string): string =>
  /^X?[A-Z]{2,3}(?:USD|EUR|GBP|JPY|AUD)/.test(pair) ? pair : plain.replace(/[^A-Z0-9].*$/, '');
