import type { AccountId, ClientId, TradeId } from '../../kernel/ids.ts';
import { formatDecimal } from '../../kernel/decimal.ts';
import { dealIdOf, keyOfId } from '../../kernel/ids.ts';
import type { Currency } from '../../kernel/currency.ts';
import { accountsAmong, loginsWithin, nameOf } from '../../clients/index.ts';
import { ibKeys } from '../../ib/index.ts';
import type { Reach } from '../../platform/access.ts';
import { cursorAt, cursorProblem, type Page, type PageAsked, pointOfCursor } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  allServers,
  type ClosedTrade,
  closedTrades,
  executionOfKey,
  tradeOfKey,
  type TradePoint,
  whereaboutsOf,
} from '../../trading/index.ts';
import { versionNames } from '../plans/queries.ts';
import { whyNoBooking } from '../replay/rules.ts';
import { explain } from '../replay/explaining.ts';
import type { TradeExplanation } from '../replay/types.ts';
import { LOT_DIGITS } from '../types.ts';
import { tradeProblem } from './errors.ts';
import * as queries from './queries.ts';
import { toldTo } from './rules.ts';

/** More accounts than these are not asked one by one: then all trades are looked at, and those of others left out. */
const ACCOUNTS_MAX = 200;
/** Where others trade far more, the caller's next trade is asked of so many accounts at most. */
const ACCOUNTS_LEAPT_MAX = 50_000;
/** Trades that one request looks at: rounds of so many; after the first rounds it leaps over those of others. */
const LOOKED_AT_MAX = 1_000;
const ROUNDS_MAX = 8;
const ROUNDS_WALKED = 4;

type State = 'booked' | 'unpaid' | 'due' | 'parked' | 'never';
type Booking = Awaited<ReturnType<typeof queries.bookingsOfDeals>>[number];

/** A trade as it is shown, with what was booked of it. */
export type FoundTrade = {
  readonly trade: ClosedTrade;
  readonly account: { readonly id: AccountId; readonly clientId: ClientId } | undefined;
  readonly state: State;
  readonly reason: string | null;
  readonly booking: (Booking & { readonly currency: Currency | undefined }) | undefined;
};

/** An explanation, or of a trade without a booking why it has none. */
type ToldTrade = Omit<TradeExplanation, 'symbolGroup' | 'accountGroup' | 'revision' | 'batch' | 'knownAt'> & {
  readonly revision: number | null;
  readonly state: State;
  readonly symbolGroup: string | null;
  readonly accountGroup: string | null;
  readonly batch: string | null;
  readonly knownAt: string | null;
};

export type TradeFilter = {
  readonly accountId?: AccountId | undefined;
  readonly clientId?: ClientId | undefined;
  readonly ticket?: bigint | undefined;
  readonly login?: bigint | undefined;
  readonly symbol?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly state?: State | undefined;
};

type Listing = { readonly reach: Reach; readonly filter: TradeFilter; readonly page: PageAsked<'closedAt'> };

/**
 * A page of the trades within reach, by their close. It may be short while there are more, because what a request looks at
 * is bounded; a cursor is always a trade that the caller reaches.
 */
export async function listTrades(tx: TenantTx, { reach, filter, page }: Listing): Promise<Page<FoundTrade>> {
  const { from, to, symbol, state, ticket } = filter;
  const { logins, leavesOut } = await loginsOf(tx, reach, filter);
  const looks = leavesOut || ((symbol !== undefined || state !== undefined) && logins === undefined);
  const asked = { range: { logins, ticket, from, to }, sort: page.sort, limit: looks ? LOOKED_AT_MAX : page.limit + 1 };
  const rows: FoundTrade[] = [];
  let after = page.cursor === undefined ? null : pointIn(page.cursor, page.sort);
  let reached = after;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const leap =
      leavesOut && round >= ROUNDS_WALKED && round % 2 === 0 ? await ownLogins(tx, reach, filter) : undefined;
    const step = leap === undefined ? asked : { ...asked, range: { ...asked.range, logins: leap }, limit: 1 };
    const trades = await closedTrades(tx, { ...step, after });
    const found = await described(tx, reach, leavesOut ? trades : trades.filter((trade) => mayBeWanted(trade, filter)));
    rows.push(...found.filter((each) => isWanted(each, filter)));
    if (rows.length > page.limit) return pageUpTo(rows, page);
    if (trades.length < step.limit) return { rows, nextCursor: null };
    after = trades.at(-1) ?? null;
    reached = (leavesOut ? found.at(-1)?.trade : after) ?? reached;
  }
  return { rows, nextCursor: reached === null ? null : cursorOf(reached, page.sort) };
}

/** All accounts that are asked for, to leap to the next trade of one of them; undefined where they are too many even for that. */
async function ownLogins(tx: TenantTx, reach: Reach, { accountId, clientId }: TradeFilter) {
  const logins = await loginsWithin(tx, reach, { accountId, clientId, limit: ACCOUNTS_LEAPT_MAX });
  return logins.length < ACCOUNTS_LEAPT_MAX ? logins : undefined;
}

const mayBeWanted = ({ symbol, state }: ClosedTrade, filter: TradeFilter): boolean =>
  (filter.symbol === undefined || symbol === filter.symbol) &&
  (filter.state === undefined || state === (isJudged(filter.state) ? 'handed_on' : filter.state));

const isJudged = (state: State): boolean => state === 'booked' || state === 'unpaid';

const isWanted = ({ trade, state, account }: FoundTrade, filter: TradeFilter): boolean =>
  mayBeWanted(trade, filter) &&
  (filter.login === undefined || trade.login === filter.login) &&
  (filter.state === undefined || state === filter.state) &&
  (filter.accountId === undefined || account?.id === filter.accountId) &&
  (filter.clientId === undefined || account?.clientId === filter.clientId);

function pageUpTo(rows: readonly FoundTrade[], { limit, sort }: PageAsked<'closedAt'>): Page<FoundTrade> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { rows: shown, nextCursor: last === undefined ? null : cursorOf(last.trade, sort) };
}

const cursorOf = ({ closedAt, dealKey }: TradePoint, sort: string): string =>
  cursorAt(sort, closedAt.toISOString(), String(dealKey));

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function pointIn(cursor: string, sort: string): TradePoint {
  const { after, afterId } = pointOfCursor(cursor, sort);
  const closedAt = new Date(after);
  if (!INSTANT.test(after) || Number.isNaN(closedAt.getTime()) || !/^\d{1,18}$/.test(afterId)) throw cursorProblem();
  return { closedAt, dealKey: BigInt(afterId) };
}

/** The accounts whose trades are asked for; where they are too many to be asked one by one, those of others are left out of all. */
async function loginsOf(tx: TenantTx, reach: Reach, filter: TradeFilter) {
  const { accountId, clientId, ticket, login } = filter;
  // Of a ticket there is one trade of each server at most: those of others are left out.
  if (ticket !== undefined) return { logins: undefined, leavesOut: true };
  if (login !== undefined) return { logins: await namedAlike(tx, reach, filter, login), leavesOut: false };
  if (reach.everything && accountId === undefined && clientId === undefined)
    return { logins: undefined, leavesOut: false };
  const logins = await loginsWithin(tx, reach, { accountId, clientId, limit: ACCOUNTS_MAX + 1 });
  return logins.length <= ACCOUNTS_MAX ? { logins, leavesOut: false } : { logins: undefined, leavesOut: true };
}

/** The accounts of one number, of each server; where not all trades are asked for, those of them that are. */
async function namedAlike(tx: TenantTx, reach: Reach, { accountId, clientId }: TradeFilter, login: bigint) {
  const named = (await allServers(tx)).map(({ name }) => ({ server: name, login }));
  if (reach.everything && accountId === undefined && clientId === undefined) return named;
  const accounts = await accountsAmong(tx, reach, named);
  return named.filter((each) => {
    const account = accounts.get(nameOf(each));
    if (account === undefined || (accountId !== undefined && account.id !== accountId)) return false;
    return clientId === undefined || account.clientId === clientId;
  });
}

/** Trades within reach with their account, state and booking; what is not reached is left out. */
async function described(tx: TenantTx, reach: Reach, trades: readonly ClosedTrade[]): Promise<FoundTrade[]> {
  if (trades.length === 0) return [];
  const logins = trades.flatMap(({ server, login }) => (login === null ? [] : [{ server, login }]));
  const accounts = await accountsAmong(tx, reach, logins);
  const reached = trades.flatMap((trade) => {
    const account =
      trade.login === null ? undefined : accounts.get(nameOf({ server: trade.server, login: trade.login }));
    return account === undefined && !reach.everything ? [] : [{ trade, account }];
  });
  const bookings = await bookingsOf(
    tx,
    reached.map(({ trade }) => trade),
  );
  return reached.flatMap(({ trade, account }) => {
    const booking = bookings.get(trade.dealKey);
    // What only opens volume under a plan that does not count it was handed on, and is no trade.
    if (trade.closedVolume === 0n && trade.state === 'handed_on' && booking === undefined) return [];
    return [{ trade, account, booking, ...stateOf(trade, booking) }];
  });
}

async function bookingsOf(tx: TenantTx, trades: readonly ClosedTrade[]) {
  const dealKeys = trades.filter(({ state }) => state === 'handed_on').map(({ dealKey }) => dealKey);
  if (dealKeys.length === 0) return new Map<bigint, NonNullable<FoundTrade['booking']>>();
  const rows = await queries.bookingsOfDeals(tx, { dealKeys });
  const versionKeys = [...new Set(rows.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  const names = versionKeys.length === 0 ? [] : await versionNames(tx, { versionKeys });
  const currencies = new Map(names.map(({ key, currency }) => [key, currency]));
  return new Map(
    rows.map((row) => [
      row.dealKey,
      { ...row, currency: row.planVersionKey === null ? undefined : currencies.get(row.planVersionKey) },
    ]),
  );
}

function stateOf(trade: ClosedTrade, booking: Booking | undefined): Pick<FoundTrade, 'state' | 'reason'> {
  if (trade.state !== 'handed_on') return { state: trade.state, reason: trade.code };
  if (booking === undefined) return { state: 'due', reason: null };
  return { state: booking.earningUnits > 0n ? 'booked' : 'unpaid', reason: booking.reason };
}

const unknown = (id: TradeId) => tradeProblem('commissions.trade_unknown', { detail: id });

/** One trade within reach, with what the platform said of it; else `commissions.trade_unknown`. */
export async function tradeWithin(tx: TenantTx, reach: Reach, id: TradeId) {
  const key = keyOfId(id);
  const found = key === undefined ? undefined : await tradeOfKey(tx, key);
  const [trade] = found === undefined ? [] : await described(tx, reach, [found.trade]);
  if (trade === undefined || found === undefined) throw unknown(id);
  return { ...trade, deal: found.deal };
}

/**
 * The explanation of a trade as the caller may see it. Reached are the trades of clients within reach, and those that an IB
 * earned from, whoever the client belongs to now. `commissions.trade_unknown`, `commissions.booking_unknown`.
 */
async function explainFor(
  tx: TenantTx,
  reach: Reach,
  id: TradeId,
  asked: { readonly revision?: number | undefined } = {},
): Promise<TradeExplanation> {
  const key = keyOfId(id);
  if (key === undefined) throw unknown(id);
  const found = await tradeOfKey(tx, key);
  if (found === undefined) throw unknown(id);
  const ofClient = (await described(tx, reach, [found.trade])).length > 0;
  if (!ofClient && !(reach.subtreeOf !== null && (await hasEarned(tx, reach.subtreeOf, key)))) throw unknown(id);
  const explanation = await explain(tx, dealIdOf(key), asked);
  if (reach.subtreeOf !== null) {
    const depth = explanation.chain.find((link) => link.id === reach.subtreeOf)?.depth;
    return toldTo(explanation, { kind: 'ib', ibId: reach.subtreeOf, depth });
  }
  return reach.clientId !== null ? toldTo(explanation, { kind: 'client' }) : explanation;
}

/** What a caller is told of a trade: the explanation of its booking, or why there is none. `commissions.trade_unknown`. */
export async function toldFor(
  tx: TenantTx,
  reach: Reach,
  id: TradeId,
  asked: { readonly revision?: number | undefined } = {},
): Promise<ToldTrade> {
  const key = keyOfId(id);
  if (key !== undefined && (await queries.bookingsOfDeals(tx, { dealKeys: [key] })).length > 0) {
    const explanation = await explainFor(tx, reach, id, asked);
    return { ...explanation, state: explanation.reason === undefined ? 'booked' : 'unpaid' };
  }
  const execution = key === undefined ? undefined : await executionOfKey(tx, key);
  const [found] = execution === undefined ? [] : await described(tx, reach, [execution]);
  if (found === undefined || key === undefined) throw unknown(id);
  const where = await whereaboutsOf(tx, key);
  // The details of what is parked are for who mends it: they may name faults of the system, or how the tenant is set up.
  return unbooked(found, reach.everything || where === undefined ? where : { ...where, detail: null });
}

const unbooked = (
  { trade: { dealKey, ticket, symbol, closedVolume, openedVolume, closedAt }, state }: FoundTrade,
  where: Awaited<ReturnType<typeof whereaboutsOf>>,
): ToldTrade => ({
  id: dealIdOf(dealKey),
  ticket: String(ticket),
  symbol,
  symbolGroup: null,
  accountGroup: null,
  lots: formatDecimal({ coefficient: closedVolume || openedVolume, scale: LOT_DIGITS }, 2),
  openedAt: null,
  closedAt: closedAt.toISOString(),
  state,
  revision: null,
  batch: null,
  knownAt: null,
  plan: null,
  chain: [],
  earning: null,
  reason: whyNoBooking(where),
  rebates: [],
  steps: [],
  revisions: [],
});

async function hasEarned(tx: TenantTx, ibId: NonNullable<Reach['subtreeOf']>, dealKey: bigint): Promise<boolean> {
  const ibKey = (await ibKeys(tx, [ibId])).get(ibId);
  if (ibKey === undefined) return false;
  const [row] = await queries.ibEarnedFrom(tx, { ibKey, dealKey });
  return row?.earned ?? false;
}
