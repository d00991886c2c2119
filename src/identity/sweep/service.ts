import { onlyRow } from '../../platform/query.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { delayDefaults } from '../sign-in/attempts.ts';
import * as queries from './queries.ts';

const ROWS_MAX = 500;

/**
 * Removes what has ended long ago: sessions after 30 days, tokens of mails after one, failed attempts that count no more,
 * the log of sign-ins after 180 days. At most 500 rows of each at a time; whether there are more.
 */
export async function sweepSignIns(tx: RealmTx): Promise<{ removed: number; again: boolean }> {
  const max = ROWS_MAX;
  const counts = [
    onlyRow(await queries.deleteOldSessions(tx, { max })).removed,
    onlyRow(await queries.deleteOldOneTimeTokens(tx, { max })).removed,
    onlyRow(await queries.deleteOldFailures(tx, { max, forgetMs: delayDefaults.forgetMs })).removed,
    onlyRow(await queries.deleteOldSignIns(tx, { max })).removed,
  ];
  return { removed: counts.reduce((sum, count) => sum + count, 0), again: counts.includes(max) };
}
