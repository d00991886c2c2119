import { accountsOf } from '../../clients/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { jsonLines, nullableArray, plainArray, textArray } from './literals.ts';
import * as queries from './queries.ts';
import type { DueDeal, Facts, Server, StoredDeal } from './types.ts';

/** Rows by name; a name has one row for each of its validities. */
function byName<Row extends { readonly name: string }>(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const known = found.get(row.name);
    if (known === undefined) found.set(row.name, [row]);
    else known.push(row);
  }
  return found;
}

/** What is known of the accounts and symbols named, and of the groups that these accounts are in. */
export async function loadFacts(
  tx: TenantTx,
  server: Pick<Server, 'key' | 'name' | 'countsOpens'>,
  named: { readonly logins: ReadonlySet<bigint>; readonly symbols: ReadonlySet<string> },
): Promise<Facts> {
  const accounts = named.logins.size === 0 ? [] : await accountsOf(tx, server.name, [...named.logins]);
  const names = [...new Set(accounts.map((account) => account.group))];
  const groups = names.length === 0 ? [] : await queries.groupsNamed(tx, { serverKey: server.key, names });
  const symbols =
    named.symbols.size === 0
      ? []
      : await queries.symbolsNamed(tx, { serverKey: server.key, names: [...named.symbols] });
  return {
    accounts: new Map(accounts.map((account) => [account.login, account])),
    groups: byName(groups),
    symbols: byName(symbols),
    countsOpens: server.countsOpens,
  };
}

/** Stores deals as they are; what becomes of them is written by `insertDue` and `insertParked`. */
async function insertDeals(tx: TenantTx, serverKey: number, stored: readonly StoredDeal[]): Promise<void> {
  if (stored.length === 0) return;
  const deals = stored.map(({ deal }) => deal);
  await queries.insertDeals(tx, {
    serverKey,
    keys: plainArray(stored.map(({ key }) => key)),
    tickets: plainArray(deals.map((deal) => deal.ticket)),
    logins: nullableArray(deals.map((deal) => deal.login)),
    positions: plainArray(deals.map((deal) => deal.positionId)),
    openedVolumes: plainArray(deals.map((deal) => deal.openedVolume)),
    closedVolumes: plainArray(deals.map((deal) => deal.closedVolume)),
    serverTimes: nullableArray(deals.map((deal) => deal.serverTimeMs)),
    times: nullableArray(stored.map(({ instant }) => instant.utcMs)),
    actions: nullableArray(deals.map((deal) => deal.action)),
    reasons: nullableArray(deals.map((deal) => deal.reason)),
    versions: plainArray(stored.map(({ version }) => version)),
    hasMs: plainArray(deals.map((deal) => deal.hasMs)),
    ambiguous: plainArray(stored.map(({ instant }) => instant.ambiguous)),
    kinds: plainArray(stored.map(({ kind }) => kind)),
    entries: nullableArray(deals.map((deal) => deal.entry)),
    handlings: plainArray(stored.map(({ handling }) => handling.handling)),
    symbols: textArray(deals.map((deal) => deal.symbol)),
    hashes: textArray(stored.map(({ content }) => `\\x${content}`)),
    raws: jsonLines(deals.map((deal) => deal.raw)),
  });
}

/** Puts deals among those that wait to be booked, since the given time or else since now. */
export async function insertDue(tx: TenantTx, receivedAt: Date | undefined, due: readonly DueDeal[]): Promise<void> {
  if (due.length === 0) return;
  await queries.insertDue(tx, {
    receivedAt,
    keys: plainArray(due.map(({ key }) => key)),
    tickets: plainArray(due.map(({ deal }) => deal.ticket)),
    positions: plainArray(due.map(({ deal }) => deal.positionId)),
    closedVolumes: plainArray(due.map(({ deal }) => deal.closedVolume)),
    times: plainArray(due.map(({ utcMs }) => utcMs)),
    reasons: nullableArray(due.map(({ deal }) => deal.reason)),
    accountKeys: plainArray(due.map(({ to }) => to.accountKey)),
    clientKeys: plainArray(due.map(({ to }) => to.clientKey)),
    symbolKeys: plainArray(due.map(({ to }) => to.symbolKey)),
    groupKeys: plainArray(due.map(({ to }) => to.groupKey)),
    serverKeys: plainArray(due.map(({ serverKey }) => serverKey)),
    hasMs: plainArray(due.map(({ deal }) => deal.hasMs)),
    factsKeys: due.some(({ factsKey }) => factsKey !== undefined)
      ? nullableArray(due.map(({ factsKey }) => factsKey))
      : null,
  });
}

/** Parks deals, each with a code for programs and a sentence for people. */
export async function insertParked(
  tx: TenantTx,
  parkings: readonly { readonly dealKey: bigint; readonly code: string; readonly detail: string }[],
): Promise<void> {
  if (parkings.length === 0) return;
  await queries.insertParked(tx, {
    dealKeys: parkings.map((parking) => parking.dealKey),
    codes: parkings.map((parking) => parking.code),
    details: parkings.map((parking) => parking.detail),
  });
}

/** Stores deals with what becomes of each, and gives the keys of those that are due. */
export async function storeDeals(
  tx: TenantTx,
  serverKey: number,
  receivedAt: Date,
  stored: readonly StoredDeal[],
): Promise<bigint[]> {
  const due: DueDeal[] = [];
  const parkings: { dealKey: bigint; code: string; detail: string }[] = [];
  for (const { key, deal, handling, instant } of stored) {
    if (handling.handling === 'parked') parkings.push({ dealKey: key, code: handling.code, detail: handling.detail });
    else if (handling.handling === 'due' && instant.utcMs !== undefined)
      due.push({ key, serverKey, deal, utcMs: instant.utcMs, to: handling.to });
  }
  await insertDeals(tx, serverKey, stored);
  await insertDue(tx, receivedAt, due);
  await insertParked(tx, parkings);
  return due.map(({ key }) => key);
}
