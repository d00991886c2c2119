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
  const { logins, from, to } = asked.range;
  const range = { from, to, afterAt: asked.after?.closedAt, afterKey: asked.after?.dealKey, limit: asked.limit };
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

/**
 * The closing deals of clients in ranges of time, by the place of the range, in the order of their close; of each account at
 * most `limit` in a range.
 */
export async function closesOf(
  tx: TenantTx,
  ranges: readonly ClientRange[],
  limit: number,
): Promise<{ readonly place: number; readonly dealKey: bigint; readonly closedAt: Date }[]> {
  const accounts = await accountsOfClients(
    tx,
    ranges.map(({ clientKey }) => clientKey),
  );
  const asked = ranges.flatMap(({ clientKey, from, to }, place) =>
    accounts
      .filter((account) => account.clientKey === clientKey)
      .map(({ server, login }) => ({ place, server, login, from, to })),
  );
  if (asked.length === 0) return [];
  return queries.closesOfLogins(tx, {
    places: asked.map(({ place }) => place),
    servers: asked.map(({ server }) => server),
    logins: asked.map(({ login }) => login),
    froms: asked.map(({ from }) => from),
    tos: asked.map(({ to }) => to),
    limit,
  });
}
