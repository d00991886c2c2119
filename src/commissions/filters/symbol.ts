import { listFilter, ListedName } from './lists.ts';

/** By the canonical symbol. */
export const symbol = listFilter({
  kind: 'symbol',
  entry: ListedName,
  figure: 'symbol',
  wordOf: (trade) => ({ word: trade.symbol }),
  reason: 'symbol_excluded',
});
