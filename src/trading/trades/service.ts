import { accountsOfClients } from '../../clients/index.ts';
import { onlyRow } from '../../platform/query.ts';
import { parseStrictJson } from '../../platform/strict-json.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { translateDeal } from '../platforms/mt5/translate.ts';
import type { Deal, RawDeal } from '../types.ts';
import * as queries from './queries.ts';
import type { ClosedTrade, TradePoint, TradeRange } from './types.ts';

type TradeSort = 'closedAt' | '-closedAt';

/** The next trades behind a point, in the order of their close, at most `limit`; fewer are all that there are. */
export function closedTrades(
  tx: TenantTx,
  asked: {
    readonly range: TradeRange;
    readonly sort: TradeSort;
    readonly after: TradePoint | null;
    readonly limit: number;
  },
): Promise<ClosedTrade[]> {
  const { logins, ticket, from, to } = asked.range;
  const range = { from, to, afterAt: asked.after?.closedAt, afterKey: asked.after?.dealKey, limit: asked.limit };
  if (ticket !== undefined) return queries.tradesOfTicket[asked.sort](tx, { ...range, ticket });
  if (logins === undefined) return queries.tradesByClose[asked.sort](tx, range);
  return queries.tradesOfLogins[asked.sort](tx, {
    ...range,
    servers: logins.map(({ server }) => server),
    logins: logins.map(({ login }) => login),
  });
}

/** How many deals closed volume in a range of time, half-open. Reads an index of all of them. */
export const countClosed = async (tx: TenantTx, range: { readonly from: Date; readonly to: Date }): Promise<number> =>
  onlyRow(await queries.countClosed(tx, range)).trades;

/**
 * The next deals behind a key that closed or opened volume in a range of time, in the order of their keys: for whoever counts opens.
 * Those that nobody counts are `never` with the code `kept`.
 */
export const tradesByKey = (
  tx: TenantTx,
  asked: { readonly from: Date; readonly to: Date; readonly after: TradePoint | null; readonly limit: number },
): Promise<ClosedTrade[]> =>
  queries.tradesByKey(tx, { from: asked.from, to: asked.to, afterKey: asked.after?.dealKey ?? 0n, limit: asked.limit });

/** Any execution by its key, one that only opens volume too; undefined where there is none. */
export async function executionOfKey(tx: TenantTx, dealKey: bigint): Promise<ClosedTrade | undefined> {
  const [found] = await queries.executionOfKey(tx, { dealKey });
  if (found === undefined) return undefined;
  const { raw: _raw, ...trade } = found;
  return trade;
}

/** Servers that are named at most where several know a ticket. */
const SERVERS_NAMED_MAX = 20;

/** The executions of a ticket, each of another server, at most 20; of one server where that is said. */
export const executionsOfTicket = (
  tx: TenantTx,
  asked: { readonly ticket: bigint; readonly server?: string | undefined },
): Promise<{ readonly dealKey: bigint; readonly server: string }[]> =>
  queries.executionsOfTicket(tx, { ticket: asked.ticket, server: asked.server, limit: SERVERS_NAMED_MAX });

/** One trade with what the platform said of it; undefined where there is no such closing deal. */
export async function tradeOfKey(
  tx: TenantTx,
  dealKey: bigint,
): Promise<{ readonly trade: ClosedTrade; readonly deal: Deal | undefined } | undefined> {
  const [found] = await queries.tradeOfKey(tx, { dealKey });
  if (found === undefined) return undefined;
  const { raw, ...trade } = found;
  const json = parseStrictJson(raw, { lengthMax: 1_048_576, depthMax: 64 });
  const deal = json.ok ? translateDeal(json.value as RawDeal) : undefined; // Objects only are stored.
  return { trade, deal: deal?.ok === true ? deal.value : undefined };
}

/** A client in a range of time, half-open. */
export type ClientRange = { readonly clientKey: number; readonly from: Date; readonly to: Date };

/** A closing deal of a client's range. */
export type CloseInRange = { readonly place: number; readonly dealKey: bigint; readonly closedAt: Date };

/** Accounts that one page is of at most. */
const ACCOUNTS_PER_PAGE = 50;

/**
 * The closing deals of clients in ranges of time, all of them, by pages: of 50 accounts at a time at most `limit` of each, an
 * account's in the order of their close. `place` is that of the range.
 */
export async function* closesOf(
  tx: TenantTx,
  ranges: readonly ClientRange[],
  limit: number,
): AsyncGenerator<readonly CloseInRange[]> {
  const accounts = await accountsOfClients(
    tx,
    ranges.map(({ clientKey }) => clientKey),
  );
  let asked = ofAccounts(ranges, accounts).map((each) => ({ ...each, afterKey: -1n }));
  while (asked.length > 0) {
    const now = asked.slice(0, ACCOUNTS_PER_PAGE);
    const rows = await queries.closesOfLogins(tx, {
      places: now.map(({ place }) => place),
      servers: now.map(({ server }) => server),
      logins: now.map(({ login }) => login),
      froms: now.map(({ from }) => from),
      tos: now.map(({ to }) => to),
      afterKeys: now.map(({ afterKey }) => afterKey),
      limit,
    });
    const found = now.map((): CloseInRange[] => []);
    for (const { account, ...row } of rows) found[Number(account) - 1]?.push(row);
    const more = now.flatMap((each, place) => {
      const last = found[place]?.at(-1);
      const isWhole = last === undefined || (found[place]?.length ?? 0) < limit;
      return isWhole ? [] : [{ ...each, from: last.closedAt, afterKey: last.dealKey }];
    });
    asked = [...more, ...asked.slice(now.length)];
    yield rows;
  }
}

type Login = { readonly clientKey: number; readonly server: string; readonly login: bigint };
const ofAccounts = (ranges: readonly ClientRange[], accounts: readonly Login[]) => {
  const ofClient = Map.groupBy(accounts, ({ clientKey }) => clientKey);
  return ranges.flatMap(({ clientKey, from, to }, place) =>
    (ofClient.get(clientKey) ?? []).map(({ server, login }) => ({ place, server, login, from, to })),
  );
};

/** The places of those ranges in which a client closed volume, or its money moved. */
export async function activeRanges(tx: TenantTx, ranges: readonly ClientRange[]): Promise<ReadonlySet<number>> {
  const accounts = await accountsOfClients(tx, [...new Set(ranges.map(({ clientKey }) => clientKey))]);
  const asked = ofAccounts(ranges, accounts);
  if (asked.length === 0) return new Set();
  const rows = await queries.activeRanges(tx, {
    places: asked.map(({ place }) => place),
    servers: asked.map(({ server }) => server),
    logins: asked.map(({ login }) => login),
    froms: asked.map(({ from }) => from),
    tos: asked.map(({ to }) => to),
  });
  return new Set(rows.map(({ place }) => place));
}

/** The instants for which deals were delivered, whatever was said of them afterwards: by these `closesOf` finds them. */
export async function closesDelivered(tx: TenantTx, dealKeys: readonly bigint[]): Promise<ReadonlyMap<bigint, Date>> {
  if (dealKeys.length === 0) return new Map();
  return new Map((await queries.closesDelivered(tx, { dealKeys })).map(({ dealKey, closedAt }) => [dealKey, closedAt]));
}
