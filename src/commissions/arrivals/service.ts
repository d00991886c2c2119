import { areRetold, chainsOf, clientsRetold } from '../../ib/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  activeRanges,
  closesDelivered,
  type MoneyArrival,
  moneyArrived,
  moneyNamed,
  settledDeal,
  tradesAsBooked,
} from '../../trading/index.ts';
import { type PeriodUnit, periodUnits } from '../periods/types.ts';
import type { PlanBook } from '../plans/store.ts';
import { periodOf, periodsBetween } from './calendar.ts';
import * as queries from './queries.ts';

/** What is taken in by one page. */
const BATCHES_PER_PAGE = 20;
const ROWS_PER_PAGE = 2_000;
const CLIENTS_PER_PAGE = 50;
/** The stretch of what is paid once for ever. */
const EVER = new Date(0);

type Unit = PeriodUnit | 'ever';

/** The units of time that the plans of a book pay by. */
function unitsOf(book: PlanBook): Unit[] {
  const found = new Set(
    book.payingByPeriod.flatMap(({ plan }) =>
      plan.periods.map(({ model }): Unit => (model.over === 'client' ? 'ever' : model.unit)),
    ),
  );
  return ([...periodUnits, 'ever'] as const).filter((unit) => found.has(unit));
}

/** Where a run stands among arrivals; all of them are looked at once, and those of the last hour again. */
export type Arrivals = {
  readonly stage: 'bookings' | 'money' | 'strangers' | 'costs' | 'tree' | 'done';
  readonly after: bigint;
  /** The knowledge of the tree with which the run began: what is told later is for the next one. */
  readonly knownAt: Date;
};

/**
 * Begins to look at what came in: whoever looks at periods meanwhile waits. Where plans pay by further units of time all is
 * looked at from the beginning, for what came before they did counts too.
 */
export async function beginArrivals(tx: TenantTx, book: PlanBook): Promise<Arrivals> {
  const marks = onlyRow(await queries.holdMarks(tx, {}));
  const units = unitsOf(book);
  const isKnown = units.every((unit) => marks.units.includes(unit));
  const start = isKnown ? marks : { batchKey: 0n, dealKey: 0n, costKey: 0n };
  const { batchKey, dealKey, costKey } = start;
  const { knownAt } = await chainsOf(tx, []);
  const treeKnownAt = marks.treeKnownAt ?? knownAt;
  await queries.setMarks(tx, { units: isKnown ? marks.units : units, batchKey, dealKey, costKey, treeKnownAt });
  await queries.noteLook(tx, {});
  return { stage: 'bookings', after: batchKey, knownAt };
}

/**
 * Notes for which clients and periods the next page of arrivals counts, and gives where to go on. Bookings are looked at up to
 * a cut, behind which no earlier one can come.
 */
export async function takeArrivals(
  tx: TenantTx,
  book: PlanBook,
  arrivals: Arrivals,
  cutKey: bigint,
): Promise<Arrivals> {
  const marks = onlyRow(await queries.holdMarks(tx, {}));
  const { stage, after, knownAt } = arrivals;
  const at: Page = { tx, units: unitsOf(book), marks, after, cutKey, knownAt };
  return stage === 'done' ? arrivals : { ...(await stages[stage](at)), knownAt };
}

type Page = {
  readonly tx: TenantTx;
  readonly units: readonly Unit[];
  readonly marks: Awaited<ReturnType<typeof queries.holdMarks>>[number];
  readonly after: bigint;
  readonly cutKey: bigint;
  readonly knownAt: Date;
};

type Next = Pick<Arrivals, 'stage' | 'after'>;
const stages: Readonly<Record<Exclude<Arrivals['stage'], 'done'>, (page: Page) => Promise<Next>>> = {
  bookings: async ({ tx, units, marks, after, cutKey }) => {
    const upTo = await takeBookings(tx, units, after, cutKey);
    await queries.setMarks(tx, { ...marks, batchKey: upTo ?? after });
    return upTo === undefined ? { stage: 'money', after: marks.dealKey } : { stage: 'bookings', after: upTo };
  },
  money: async ({ tx, units, marks, after }) => {
    const { arrivals, next } = await moneyArrived(tx, { after, limit: ROWS_PER_PAGE });
    await noteMoney(tx, units, arrivals);
    if (next !== undefined) return { stage: 'money', after: next };
    const settled = await settledDeal(tx);
    if (settled > marks.dealKey) await queries.setMarks(tx, { ...marks, dealKey: settled });
    return { stage: 'strangers', after: 0n };
  },
  strangers: async ({ tx, units, marks, after }) => {
    const dealKeys = (await queries.strangers(tx, { after, limit: ROWS_PER_PAGE })).map(({ dealKey }) => dealKey);
    const known = (await moneyNamed(tx, dealKeys)).filter(({ clientKey }) => clientKey !== undefined);
    await noteMoney(tx, units, known);
    await queries.deleteStrangers(tx, { dealKeys: known.map(({ dealKey }) => dealKey) });
    if (dealKeys.length === ROWS_PER_PAGE) return { stage: 'strangers', after: dealKeys.at(-1) ?? after };
    return { stage: 'costs', after: marks.costKey };
  },
  costs: async ({ tx, units, marks, after }) => {
    const costs = await queries.costsArrived(tx, { after, limit: ROWS_PER_PAGE });
    await noteDue(tx, units, costs);
    const settled = costs.findLast(({ isSettled }) => isSettled)?.key;
    if (settled !== undefined) await queries.setMarks(tx, { ...marks, costKey: settled });
    return costs.length < ROWS_PER_PAGE
      ? { stage: 'tree', after: 0n }
      : { stage: 'costs', after: costs.at(-1)?.key ?? after };
  },
  tree: async ({ tx, units, marks, after, knownAt }) => {
    const since = marks.treeKnownAt ?? knownAt;
    const clients =
      since < knownAt ? await clientsRetold(tx, { since, after: Number(after), limit: CLIENTS_PER_PAGE }) : [];
    for (const client of clients) await noteRetold(tx, units, client, { since, knownAt });
    const last = clients.at(-1);
    if (last !== undefined) return { stage: 'tree', after: BigInt(last.clientKey) };
    await queries.setMarks(tx, { ...marks, treeKnownAt: knownAt });
    return { stage: 'done', after: 0n };
  },
};

/** The bookings of the next batches; gives the last of these, undefined where there is none. */
async function takeBookings(
  tx: TenantTx,
  units: readonly Unit[],
  after: bigint,
  cutKey: bigint,
): Promise<bigint | undefined> {
  const batches = await queries.nextBatches(tx, { after, upTo: cutKey, limit: BATCHES_PER_PAGE });
  const upTo = batches.at(-1)?.batchKey;
  if (upTo === undefined) return undefined;
  const trades = await tradesAsBooked(tx, await queries.bookingsArrived(tx, { after, upTo }));
  await noteDue(
    tx,
    units,
    trades.map(({ clientKey, closedAt }) => ({ clientKey, at: new Date(closedAt) })),
  );
  const dealKeys = [...new Set(trades.map(({ dealKey }) => dealKey))];
  const delivered = await closesDelivered(tx, dealKeys);
  const moved = trades.flatMap(({ dealKey, clientKey, closedAt }) => {
    const deliveredAt = delivered.get(dealKey);
    return deliveredAt === undefined || deliveredAt.getTime() === closedAt
      ? []
      : [{ dealKey, clientKey, closedAt: new Date(closedAt), deliveredAt }];
  });
  if (moved.length > 0)
    await queries.insertMovedCloses(tx, {
      dealKeys: moved.map(({ dealKey }) => dealKey),
      clientKeys: moved.map(({ clientKey }) => clientKey),
      closedAts: moved.map(({ closedAt }) => closedAt),
      deliveredAts: moved.map(({ deliveredAt }) => deliveredAt),
    });
  return upTo;
}

/**
 * Has exactly those periods of a client looked at at whose end the tree above it is another than was known, and in which something
 * happened; and what is paid once for ever, for a link may be the first that the client has.
 */
async function noteRetold(
  tx: TenantTx,
  units: readonly Unit[],
  { clientKey, from }: { readonly clientKey: number; readonly from: Date },
  { since, knownAt }: { readonly since: Date; readonly knownAt: Date },
): Promise<void> {
  const periods = units
    .filter((unit) => unit !== 'ever')
    .flatMap((unit) => periodsBetween(unit, from, knownAt).map((period) => ({ clientKey, unit, ...period })));
  const retold = await areRetold(
    tx,
    periods.map(({ to }) => ({ clientKey, atMs: to.getTime() - 1 })),
    since,
  );
  const touched = periods.filter((_period, place) => retold[place]);
  const active = await activeRanges(tx, touched);
  const known = await queries.knownPeriods(tx, {
    places: touched.map((_period, place) => place),
    clientKeys: touched.map(() => clientKey),
    froms: touched.map((period) => period.from),
    tos: touched.map(({ to }) => to),
  });
  const lively = new Set([...active, ...known.map(({ place }) => place)]);
  await noteRows(tx, [
    ...touched.filter((_period, place) => lively.has(place)),
    ...(units.includes('ever') ? [{ clientKey, unit: 'ever' as const, from: EVER, to: EVER }] : []),
  ]);
}

async function noteMoney(tx: TenantTx, units: readonly Unit[], arrivals: readonly MoneyArrival[]): Promise<void> {
  const known = arrivals.flatMap(({ clientKey, at }) => (clientKey === undefined ? [] : [{ clientKey, at }]));
  const unknown = arrivals.filter(({ clientKey }) => clientKey === undefined).map(({ dealKey }) => dealKey);
  await noteDue(tx, units, known);
  if (unknown.length > 0) await queries.insertStrangers(tx, { dealKeys: unknown });
}

/** Has clients' periods looked at that hold these instants. */
async function noteDue(
  tx: TenantTx,
  units: readonly Unit[],
  touched: readonly { readonly clientKey: number; readonly at: Date }[],
): Promise<void> {
  const rows = new Map<string, Row>();
  for (const { clientKey, at } of touched)
    for (const unit of units) {
      const period = unit === 'ever' ? { from: EVER, to: EVER } : periodOf(unit, at);
      rows.set(`${clientKey} ${unit} ${period.from.getTime()}`, { clientKey, unit, ...period });
    }
  await noteRows(tx, [...rows.values()]);
}

type Row = { readonly clientKey: number; readonly unit: Unit; readonly from: Date; readonly to: Date };

async function noteRows(tx: TenantTx, due: readonly Row[]): Promise<void> {
  if (due.length === 0) return;
  await queries.noteDuePeriods(tx, {
    clientKeys: due.map(({ clientKey }) => clientKey),
    units: due.map(({ unit }) => unit),
    froms: due.map(({ from }) => from),
    tos: due.map(({ to }) => to),
  });
}
