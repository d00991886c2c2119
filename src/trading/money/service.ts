import { accountsOf, accountsOfClients } from '../../clients/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { dealOf } from '../deals/reading.ts';
import * as queries from './queries.ts';
import { moneyKindOf } from './rules.ts';
import type { MoneyArrival, MoneyOperation } from './types.ts';

/** Operations of an account, and accounts, that one page is of at most. */
const PAGE = 1_000;
const ACCOUNTS_PER_PAGE = 50;
/** No server tells of anything before. */
const FIRST = new Date(0);

type MoneyAsked = {
  readonly clientKeys: readonly number[];
  /** Half-open; without ends all there are. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** Operations of an account that a page is of at most. */
  readonly page?: number | undefined;
};

/**
 * The money operations of clients in a range of time as they stand now: corrected ones by their last figures, deleted ones not at
 * all. All of them, by pages of bounded length: each account's in their order.
 */
export async function* moneyPagesOf(
  tx: TenantTx,
  { clientKeys, from = FIRST, to, page = PAGE }: MoneyAsked,
): AsyncGenerator<readonly MoneyOperation[]> {
  let asked = (await accountsOfClients(tx, clientKeys)).map((account) => ({ account, from, afterKey: -1n }));
  while (asked.length > 0) {
    const now = asked.slice(0, ACCOUNTS_PER_PAGE);
    const rows = await queries.moneyOfLogins(tx, {
      servers: now.map(({ account }) => account.server),
      logins: now.map(({ account }) => account.login),
      froms: now.map((each) => each.from),
      afterKeys: now.map(({ afterKey }) => afterKey),
      to,
      limit: page,
    });
    const found = now.map((): (typeof rows)[number][] => []);
    for (const row of rows) found[Number(row.place) - 1]?.push(row);
    const more = now.flatMap((each, place) => {
      const last = found[place]?.at(-1);
      const isWhole = last === undefined || (found[place]?.length ?? 0) < page;
      return isWhole ? [] : [{ ...each, from: last.at, afterKey: last.dealKey }];
    });
    asked = [...more, ...asked.slice(now.length)];
    yield rows.flatMap(({ place, dealKey, ticket, at, raw }): MoneyOperation[] => {
      const account = now[Number(place) - 1]?.account;
      const deal = raw === null ? undefined : dealOf(raw);
      if (account === undefined || deal?.profit === undefined) return []; // Without an amount it moved nothing.
      const { key: accountKey, clientKey, currency } = account;
      const { action, profit: amount } = deal;
      return [
        { dealKey, ticket, clientKey, accountKey, at, action, kind: moneyKindOf(action, amount), currency, amount },
      ];
    });
  }
}

/** The same as one list, in the order of time: for who knows that it is short, or needs all of it at once. */
export async function moneyOperationsOf(tx: TenantTx, asked: MoneyAsked): Promise<MoneyOperation[]> {
  const found: MoneyOperation[] = [];
  for await (const page of moneyPagesOf(tx, asked)) found.push(...page);
  return found.sort((left, right) => left.at.getTime() - right.at.getTime() || (left.dealKey < right.dealKey ? -1 : 1));
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
