import { accountsOf, accountsOfClients } from '../../clients/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { dealOf } from '../deals/reading.ts';
import * as queries from './queries.ts';
import { moneyKindOf } from './rules.ts';
import type { MoneyArrival, MoneyOperation } from './types.ts';

/** Operations of one account that are read at most: a client that has more in one range is no real one. */
const OPERATIONS_PER_ACCOUNT_MAX = 10_000;

/**
 * The money operations of clients in a range of time (half-open; without ends all there are), in their order, as they stand
 * now: corrected ones by their last figures, deleted ones not at all. An account has 10 000 of them at most.
 */
export async function moneyOperationsOf(
  tx: TenantTx,
  asked: { readonly clientKeys: readonly number[]; readonly from?: Date | undefined; readonly to?: Date | undefined },
): Promise<MoneyOperation[]> {
  const accounts = await accountsOfClients(tx, asked.clientKeys);
  if (accounts.length === 0) return [];
  const rows = await queries.moneyOfLogins(tx, {
    servers: accounts.map(({ server }) => server),
    logins: accounts.map(({ login }) => login),
    from: asked.from,
    to: asked.to,
    limit: OPERATIONS_PER_ACCOUNT_MAX,
  });
  return rows.flatMap(({ place, dealKey, ticket, at, raw }): MoneyOperation[] => {
    const account = accounts[Number(place) - 1];
    const deal = dealOf(raw);
    if (account === undefined || deal?.profit === undefined) return []; // Without an amount it moved nothing.
    const { key: accountKey, clientKey, currency } = account;
    const { action, profit: amount } = deal;
    return [
      { dealKey, ticket, clientKey, accountKey, at, action, kind: moneyKindOf(action, amount), currency, amount },
    ];
  });
}

/**
 * Money operations, and corrections of them, that came in after a deal, in the order of their coming. Each says the instant of the
 * operation itself. Looks at `limit` deals, not all of which are such news: `next` is where to go on, undefined at the end;
 * `last` is the last that was looked at.
 */
export async function moneyArrived(
  tx: TenantTx,
  { after, limit }: { readonly after: bigint; readonly limit: number },
): Promise<{ readonly arrivals: MoneyArrival[]; readonly last: bigint; readonly next: bigint | undefined }> {
  const dealKeys = (await queries.mayBeMoney(tx, { after, limit })).map(({ dealKey }) => dealKey);
  const last = dealKeys.at(-1) ?? after;
  return { arrivals: await moneyNamed(tx, dealKeys), last, next: dealKeys.length < limit ? undefined : last };
}

/** The same of deals that are named: of logins that nobody had when they came. */
export const moneyNamed = async (tx: TenantTx, dealKeys: readonly bigint[]): Promise<MoneyArrival[]> =>
  dealKeys.length === 0 ? [] : withClients(tx, await queries.moneyNamed(tx, { dealKeys }));

async function withClients(
  tx: TenantTx,
  rows: Awaited<ReturnType<typeof queries.moneyNamed>>,
): Promise<MoneyArrival[]> {
  const logins = new Map<string, Set<bigint>>();
  for (const { server, login } of rows) logins.set(server, (logins.get(server) ?? new Set<bigint>()).add(login));
  const clients = new Map<string, number>();
  for (const [server, wanted] of logins)
    for (const { login, clientKey } of await accountsOf(tx, server, [...wanted]))
      clients.set(`${login}@${server}`, clientKey);
  return rows.map(({ dealKey, server, login, at }) => ({ dealKey, at, clientKey: clients.get(`${login}@${server}`) }));
}

/** Up to which deal all is there that ever will be: feed batches begun more than an hour ago are over. 0 where there is none. */
export const settledDeal = async (tx: TenantTx): Promise<bigint> =>
  onlyRow(await queries.settledDeal(tx, {})).dealKey ?? 0n;
