import { listFilter, ListedName } from './lists.ts';

/** By the group of the symbol. */
export const symbolGroup = listFilter({
  kind: 'symbol_group',
  entry: ListedName,
  figure: 'symbolGroup',
  wordOf: (trade) => ({ word: trade.symbolGroup }),
  reason: 'symbol_group_excluded',
});
