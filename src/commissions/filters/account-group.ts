import { listFilter, ListedName } from './lists.ts';

/** By the group of the account, as the platform names it. */
export const accountGroup = listFilter({
  kind: 'account_group',
  entry: ListedName,
  figure: 'accountGroup',
  wordOf: (trade) => ({ word: trade.accountGroup }),
  reason: 'account_group_excluded',
});
