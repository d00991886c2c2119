import { accountsOf } from '../../clients/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { jsonLines, nullableArray, plainArray, textArray } from './literals.ts';
import * as queries from './queries.ts';
import type { Facts, Resolved, Server, StoredDeal } from './types.ts';

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
  server: Pick<Server, 'key' | 'name'>,
  named: { readonly logins: ReadonlySet<bigint>; readonly symbols: ReadonlySet<string> },
): Promise<Facts> {
  const accounts = named.logins.size === 0 ? [] : await accountsOf(tx, server.name, [...named.logins]);
  const names = [...new Set(accounts.map((account) => account.group))];
  const groups = names.length === 0 ? [] : await queries.groupsNamed(tx, { serverKey: server.key, names });
  const symbols =
    named.symbols.size === 0 ? [] : await queries.symbolsNamed(tx, { serverKey: server.key, names: [...named.symbols] });
  return {
    accounts: new Map(accounts.map((account) => [account.login, account])),
    groups: byName(groups),
    symbols: byName(symbols),
  };
}

const resolved = ({ handling }: StoredDeal): Resolved | undefined => (handling.handling === 'due' ? handling.to : undefined);

/** Stores deals in the order given and gives their keys in that order. */
export async function insertDeals(
  tx: TenantTx,
  into: { readonly serverKey: number; readonly batchKey: bigint; readonly receivedAt: Date },
  stored: readonly StoredDeal[],
): Promise<bigint[]> {
  if (stored.length === 0) return [];
  const deals = stored.map(({ deal }) => deal);
  const targets = stored.map(resolved);
  const rows = await queries.insertDeals(tx, {
    ...into,
    tickets: plainArray(deals.map((deal) => deal.ticket)),
    logins: nullableArray(deals.map((deal) => deal.login)),
    orders: plainArray(deals.map((deal) => deal.order)),
    positions: plainArray(deals.map((deal) => deal.positionId)),
    openedVolumes: plainArray(deals.map((deal) => deal.openedVolume)),
    closedVolumes: plainArray(deals.map((deal) => deal.closedVolume)),
    serverTimes: nullableArray(deals.map((deal) => deal.serverTimeMs)),
    times: nullableArray(stored.map(({ instant }) => instant.utcMs)),
    actions: nullableArray(deals.map((deal) => deal.action)),
    reasons: nullableArray(deals.map((deal) => deal.reason)),
    flags: plainArray(deals.map((deal) => deal.modificationFlags)),
    versions: plainArray(stored.map(({ version }) => version)),
    hasMs: plainArray(deals.map((deal) => deal.hasMs)),
    ambiguous: plainArray(stored.map(({ instant }) => instant.ambiguous)),
    kinds: plainArray(stored.map(({ kind }) => kind)),
    entries: nullableArray(deals.map((deal) => deal.entry)),
    handlings: plainArray(stored.map(({ handling }) => handling.handling)),
    symbols: textArray(deals.map((deal) => deal.symbol)),
    contractSizes: nullableArray(deals.map((deal) => deal.contractSize)),
    prices: nullableArray(deals.map((deal) => deal.price)),
    pricesOpen: nullableArray(deals.map((deal) => deal.priceOpen)),
    profits: nullableArray(deals.map((deal) => deal.profit)),
    commissions: nullableArray(deals.map((deal) => deal.commission)),
    fees: nullableArray(deals.map((deal) => deal.fee)),
    storages: nullableArray(deals.map((deal) => deal.storage)),
    ratesProfit: nullableArray(deals.map((deal) => deal.rateProfit)),
    bids: nullableArray(deals.map((deal) => deal.marketBid)),
    asks: nullableArray(deals.map((deal) => deal.marketAsk)),
    hashes: textArray(stored.map(({ content }) => `\\x${content}`)),
    raws: jsonLines(deals.map((deal) => deal.raw)),
    accountKeys: nullableArray(targets.map((to) => to?.accountKey)),
    clientKeys: nullableArray(targets.map((to) => to?.clientKey)),
    symbolKeys: nullableArray(targets.map((to) => to?.symbolKey)),
    groupKeys: nullableArray(targets.map((to) => to?.groupKey)),
    codes: textArray(stored.map(({ handling }) => (handling.handling === 'parked' ? handling.code : ''))),
    details: textArray(stored.map(({ handling }) => (handling.handling === 'parked' ? handling.detail : ''))),
  });
  return rows.map((row) => row.key);
}
