import type { Currency } from '../kernel/currency.ts';
import type { Money } from '../kernel/money.ts';
import { onlyRow } from '../platform/query.ts';
import type { TenantTx } from '../platform/tenant-tx.ts';
import { ledgerProblem } from './errors.ts';
import * as queries from './queries.ts';
import type {
  AccountKey,
  AccountRef,
  Balance,
  Entry,
  Purpose,
  TimeAxis,
  TransferSum,
  TrialBalanceLine,
} from './types.ts';

/** What is on accounts, as committed before and by this transaction's earlier statements; in the order asked for. */
export async function balancesOf(tx: TenantTx, keys: readonly AccountKey[]): Promise<Balance[]> {
  const rows = await queries.balancesOf(tx, { keys });
  if (rows.length !== keys.length) throw ledgerProblem('ledger.account_unknown');
  return rows.map((row) => ({ ...row, free: row.balance - row.held }));
}

/** What is on the accounts of owners, as committed before; accounts that were never opened are left out. */
export async function balancesOfOwners(tx: TenantTx, refs: readonly AccountRef[]): Promise<Balance[]> {
  if (refs.length === 0) return [];
  const rows = await queries.balancesOfOwners(tx, {
    purposes: refs.map(({ purpose }) => purpose),
    owners: refs.map(({ owner }) => owner),
    currencies: refs.map(({ currency }) => currency),
  });
  return rows.map((row) => ({ ...row, free: row.balance - row.held }));
}

/**
 * What is on the accounts of some purposes together, owner by owner (credits above 0), and how much of it came under references
 * that begin with `prefix`. At most `limit` lines, of owners above `after`: an owner whose lines were cut off comes again, so
 * the last one of a full page is to be left to the next.
 */
export const netsOfOwners = (
  tx: TenantTx,
  asked: {
    readonly purposes: readonly Purpose[];
    readonly prefix: string;
    readonly after: number;
    readonly limit: number;
  },
): Promise<{ readonly owner: number; readonly currency: Currency; readonly units: bigint; readonly under: bigint }[]> =>
  queries.netsOfOwners(tx, asked);

/** The version that is above every account's. */
const NEWEST = 2n ** 63n - 1n;

/**
 * An account's transfers, newest first, at most `limit`. The next page starts below the `nextCursor` of this one, which
 * is undefined at the end; transfers that come meanwhile do not shift pages.
 */
export async function entriesOf(
  tx: TenantTx,
  account: AccountKey,
  { limit, cursor }: { limit: number; cursor?: bigint },
): Promise<{ entries: Entry[]; nextCursor: bigint | undefined }> {
  const entries = await queries.entriesOf(tx, { account, below: cursor ?? NEWEST, limit });
  const last = entries.at(-1);
  return { entries, nextCursor: last !== undefined && last.version > 1n ? last.version : undefined };
}

/** The posted balance at an instant, the instant included, on the account's normal side. */
export async function balanceAsOf(
  tx: TenantTx,
  account: AccountKey,
  at: Date,
  by: TimeAxis = 'posted',
): Promise<Money> {
  const balance = by === 'posted' ? queries.balanceAsOfPosted : queries.balanceAsOfEffective;
  const [money] = await balance(tx, { account, at });
  if (money === undefined) throw ledgerProblem('ledger.account_unknown');
  return money;
}

/**
 * Debits and credits of all accounts by purpose and currency, now or as of an instant (included) by either time.
 * Holds are not in it. The `net` of all lines of a currency adds up to 0.
 */
export async function trialBalance(
  tx: TenantTx,
  options: { asOf?: Date; by?: TimeAxis } = {},
): Promise<TrialBalanceLine[]> {
  const rows =
    options.asOf === undefined
      ? await queries.trialBalanceNow(tx, {})
      : await queries.trialBalanceAsOf(tx, { at: options.asOf, axis: options.by ?? 'posted' });
  return rows.map((row) => ({ ...row, net: row.debits - row.credits }));
}

/** What was moved under references (`booking_batch/123`), so that a sub-ledger can be compared; holds are not in it. */
export const transferSumsOf = (tx: TenantTx, references: readonly string[]): Promise<TransferSum[]> =>
  queries.transferSums(tx, { references });

/** References that begin with a word, in the order of the database, at most `limit`; go on with `after` the last. */
export async function referencesUnder(
  tx: TenantTx,
  prefix: string,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  return (await queries.referencesUnder(tx, { prefix, after, limit })).map((row) => row.reference);
}

/** How many transfers there are. */
export async function countTransfers(tx: TenantTx): Promise<bigint> {
  return onlyRow(await queries.countTransfers(tx, {})).transfers;
}
