import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { type MoneyArrival, moneyArrived, moneyNamed, settledDeal, tradesAsBooked } from '../../trading/index.ts';
import { type PeriodUnit, periodUnits } from '../periods/types.ts';
import type { PlanBook } from '../plans/store.ts';
import { periodOf } from './calendar.ts';
import * as queries from './queries.ts';

/** What is taken in by one page. */
const BATCHES_PER_PAGE = 20;
const ROWS_PER_PAGE = 2_000;
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
  readonly stage: 'bookings' | 'money' | 'strangers' | 'costs' | 'done';
  readonly after: bigint;
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
  await queries.setMarks(tx, { units: isKnown ? marks.units : units, batchKey, dealKey, costKey });
  await queries.noteLook(tx, {});
  return { stage: 'bookings', after: batchKey };
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
  const at: Page = { tx, units: unitsOf(book), marks, after: arrivals.after, cutKey };
  return arrivals.stage === 'done' ? arrivals : stages[arrivals.stage](at);
}

type Page = {
  readonly tx: TenantTx;
  readonly units: readonly Unit[];
  readonly marks: Awaited<ReturnType<typeof queries.holdMarks>>[number];
  readonly after: bigint;
  readonly cutKey: bigint;
};

const stages: Readonly<Record<Exclude<Arrivals['stage'], 'done'>, (page: Page) => Promise<Arrivals>>> = {
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
      ? { stage: 'done', after: 0n }
      : { stage: 'costs', after: costs.at(-1)?.key ?? after };
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
  return upTo;
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
  const rows = new Map<string, { clientKey: number; unit: Unit; from: Date; to: Date }>();
  for (const { clientKey, at } of touched)
    for (const unit of units) {
      const period = unit === 'ever' ? { from: EVER, to: EVER } : periodOf(unit, at);
      rows.set(`${clientKey} ${unit} ${period.from.getTime()}`, { clientKey, unit, ...period });
    }
  if (rows.size === 0) return;
  const due = [...rows.values()];
  await queries.noteDuePeriods(tx, {
    clientKeys: due.map(({ clientKey }) => clientKey),
    units: due.map(({ unit }) => unit),
    froms: due.map(({ from }) => from),
    tos: due.map(({ to }) => to),
  });
}
