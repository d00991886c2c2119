import type { ClientId, IbId, LedgerAccountId } from '../../kernel/ids.ts';
import { IbId as IbIdSchema } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import { cursorAt, cursorProblem, type Page, type PageAsked, pointOfCursor } from '../../platform/paging.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { ledgerProblem } from '../errors.ts';
import { purposesOf } from '../types.ts';
import * as queries from './queries.ts';
import type { LedgerAccountFilter, ListedAccount, OwnerKeys } from './types.ts';

/** What the books must know of IBs and clients, whom they know by short keys: handed down by whoever knows them. */
export type LedgerOwners = {
  /** The keys behind ids; null where there is none. */
  readonly keysOf: (
    tx: TenantTx,
    ids: { readonly ibId: IbId | null; readonly clientId: ClientId | null },
  ) => Promise<OwnerKeys>;
  /** The ids behind keys. */
  readonly idsOf: (
    tx: TenantTx,
    keys: { readonly ibKeys: readonly number[]; readonly clientKeys: readonly number[] },
  ) => Promise<{ readonly ibs: ReadonlyMap<number, IbId>; readonly clients: ReadonlyMap<number, ClientId> }>;
};

const IB_PURPOSES = purposesOf('ib');
const CLIENT_PURPOSES = purposesOf('client');

/** Accounts that a caller reaches: all, or those of the IB or client that it is. */
async function reachedBy(tx: TenantTx, owners: LedgerOwners, { everything, ibId, clientId }: Reach) {
  const keys = everything ? { ibKey: null, clientKey: null } : await owners.keysOf(tx, { ibId, clientId });
  return { everything, ibPurposes: IB_PURPOSES, clientPurposes: CLIENT_PURPOSES, ...keys };
}

/** A page of the accounts that are reached, as of now or of an instant, the instant included. */
export async function ledgerAccountsWithin(
  tx: TenantTx,
  owners: LedgerOwners,
  asked: { readonly reach: Reach; readonly filter: LedgerAccountFilter; readonly page: PageAsked<'opened'> },
): Promise<Page<ListedAccount>> {
  const { purpose, currency, owner, asOf } = asked.filter;
  const of = await ownedBy(tx, owners, owner);
  if (of === undefined) return { rows: [], nextCursor: null };
  const reached = await reachedBy(tx, owners, asked.reach);
  const page = await queries.pageOfLedgerAccounts(tx, { ...reached, ...of, purpose, currency, asOf }, asked.page);
  return { ...page, rows: await asOfInstant(tx, page.rows, asOf) };
}

/** The filter by owner; undefined for one that does not exist, to whom nothing belongs. */
async function ownedBy(tx: TenantTx, owners: LedgerOwners, owner: IbId | ClientId | undefined) {
  if (owner === undefined) return { ownerKey: null, ownerPurposes: null };
  const isIb = IbIdSchema.safeParse(owner).success;
  const { ibKey, clientKey } = await owners.keysOf(tx, {
    ibId: isIb ? (owner as IbId) : null,
    clientId: isIb ? null : (owner as ClientId),
  });
  const ownerKey = isIb ? ibKey : clientKey;
  return ownerKey === null ? undefined : { ownerKey, ownerPurposes: isIb ? IB_PURPOSES : CLIENT_PURPOSES };
}

/** One account; `ledger.account_unknown` where there is none, it is not reached, or it was not open yet. */
export async function accountOfId(
  tx: TenantTx,
  owners: LedgerOwners,
  asked: { readonly reach: Reach; readonly id: LedgerAccountId; readonly asOf?: Date | undefined },
): Promise<ListedAccount> {
  const reached = await reachedBy(tx, owners, asked.reach);
  const found = await queries.accountOfId(tx, { ...reached, id: asked.id, asOf: asked.asOf });
  const [account] = await asOfInstant(tx, found, asked.asOf);
  if (account === undefined) throw ledgerProblem('ledger.account_unknown', { detail: asked.id });
  return account;
}

async function asOfInstant(
  tx: TenantTx,
  accounts: readonly ListedAccount[],
  asOf: Date | undefined,
): Promise<ListedAccount[]> {
  if (asOf === undefined || accounts.length === 0) return [...accounts];
  const then = new Map(
    (await queries.accountsAsOf(tx, { keys: accounts.map(({ key }) => key), asOf })).map((row) => [row.key, row]),
  );
  return accounts.map((account) => ({ ...account, ...then.get(account.key), held: null }));
}

/** Above every version. */
const NEWEST = 2n ** 63n - 1n;
const SORT = '-version';

/** A page of an account's transfers, newest first; with `asOf`, of those that were posted up to then. */
export async function entriesWithin(
  tx: TenantTx,
  { key }: ListedAccount,
  asked: { readonly limit: number; readonly cursor?: string | undefined; readonly asOf?: Date | undefined },
): Promise<Page<Awaited<ReturnType<typeof queries.pageOfEntries>>[number]>> {
  const newest =
    asked.asOf === undefined
      ? NEWEST
      : onlyRow(await queries.versionAsOf(tx, { account: key, asOf: asked.asOf })).version + 1n;
  const given = asked.cursor === undefined ? newest : versionIn(asked.cursor);
  const below = given < newest ? given : newest;
  const rows = await queries.pageOfEntries(tx, { account: key, below, limit: asked.limit });
  const last = rows.at(-1)?.version ?? 0n;
  const more = rows.length === asked.limit && last > 1n; // Versions have no holes.
  return { rows, nextCursor: more ? cursorAt(SORT, String(last), '') : null };
}

function versionIn(cursor: string): bigint {
  const { after, afterId } = pointOfCursor(cursor, SORT);
  if (!/^[1-9]\d{0,17}$/.test(after) || afterId !== '') throw cursorProblem();
  return BigInt(after);
}
