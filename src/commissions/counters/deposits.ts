import { chainsOf } from '../../ib/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import {
  conversionsOf,
  moneyArrived,
  type MoneyOperation,
  moneyOperationsOf,
  settledDeal,
} from '../../trading/index.ts';
import { measured } from '../adjusters/measures.ts';
import type { TrueUp } from '../adjusters/types.ts';
import type { TradeInput } from '../engine/types.ts';
import { alongRates } from '../models/conversion.ts';
import { fractionOf, product } from '../models/fractions.ts';
import type { PlanBook } from '../plans/store.ts';
import * as queries from './queries.ts';
import { dayOf, dayStartMs, monthOf, Standing } from './rules.ts';
import { addToCounters, readStanding } from './store.ts';
import type { CounterChange, CounterName, Look } from './types.ts';

/** Money operations of a page, and pages that one booking counts at most: what is left the next one does. */
const ARRIVALS_MAX = 1_000;
const PAGES_MAX = 20;

/** Counts what clients have paid in since, for the plans of these trades that have tiers by deposits. Their counters are held. */
export async function countDeposits(tx: TenantTx, book: PlanBook, inputs: readonly TradeInput[]): Promise<void> {
  const planKeys = new Set(
    inputs.flatMap(({ plan, planKey }) => (plan?.countsDeposits === true ? (planKey ?? []) : [])),
  );
  for (const planKey of planKeys) await countFor(tx, book, planKey);
}

/**
 * Goes through the money operations in the order in which they came; once a minute again through those whose feed batches may not
 * have been all there. What it counts of a client and a day stands in place of what it counted before, so twice is once, and
 * what the platform corrects or deletes is counted as it is now.
 */
async function countFor(tx: TenantTx, book: PlanBook, planKey: number): Promise<void> {
  const [mark = { settledKey: 0n, seenKey: 0n, isOld: false }] = await queries.depositMark(tx, { planKey });
  let after = mark.isOld ? mark.settledKey : mark.seenKey;
  let isWhole = false;
  for (let page = 0; page < PAGES_MAX && !isWhole; page += 1) {
    const { arrivals, last, next } = await moneyArrived(tx, { after, limit: ARRIVALS_MAX });
    const days = new Map<string, ClientDay>();
    for (const { clientKey, at } of arrivals) {
      const day = dayOf(at.getTime());
      if (clientKey !== undefined) days.set(`${clientKey} ${day}`, { clientKey, day });
    }
    if (days.size > 0) await countDays(tx, book, planKey, [...days.values()]);
    after = last;
    isWhole = next === undefined;
  }
  if (after === mark.seenKey && !mark.isOld) return;
  const settled = await settledDeal(tx);
  await queries.moveDepositMark(tx, { planKey, settledKey: settled < after ? settled : after, seenKey: after });
}

type ClientDay = { readonly clientKey: number; readonly day: number };

/** Counts what clients paid in on days anew, in place of what is counted of them. */
async function countDays(tx: TenantTx, book: PlanBook, planKey: number, days: readonly ClientDay[]): Promise<void> {
  const asked = new Set(days.map(({ clientKey, day }) => `${clientKey} ${day}`));
  const all = days.map(({ day }) => day);
  const operations = await moneyOperationsOf(tx, {
    clientKeys: [...new Set(days.map(({ clientKey }) => clientKey))],
    from: new Date(dayStartMs(Math.min(...all))),
    to: new Date(dayStartMs(Math.max(...all) + 1)),
  });
  const deposits = operations.filter(
    ({ kind, clientKey, at }) => kind === 'deposit' && asked.has(`${clientKey} ${dayOf(at.getTime())}`),
  );
  const sums = new Standing();
  for (const counted of await countedOf(tx, book, planKey, deposits)) add(sums, planKey, counted);
  const components = book.componentsCountingDeposits(planKey);
  const held = await queries.depositsHeld(tx, {
    planKey,
    components,
    clientKeys: days.map(({ clientKey }) => clientKey),
    days: days.map(({ day }) => day),
  });
  for (const { component, clientKey, owner, day, units } of held)
    add(sums, planKey, {
      name: { component, measure: 'deposits', owner, subject: '' },
      clientKey,
      day,
      units: -BigInt(units),
    });
  const added = sums.added().filter(({ count }) => count.units !== 0n);
  await addToCounters(tx, added);
  await noteReached(
    tx,
    book,
    planKey,
    added.map(({ count }) => count),
  );
}

/**
 * Notes what months that have trades came to by deposits, where these are trued up: no further trade of theirs may come that does.
 * The tier is that of the version in force at the end of the month.
 */
async function noteReached(
  tx: TenantTx,
  book: PlanBook,
  planKey: number,
  changed: readonly CounterChange[],
): Promise<void> {
  const months = new Map<string, { readonly look: Look; readonly trueUp: TrueUp }>();
  for (const { component, measure, owner, subject, day } of changed) {
    if (measure !== 'deposits') continue;
    const { firstDay: fromDay, lastDay: toDay } = monthOf(day);
    const version = book.versionAt(planKey, dayStartMs(toDay + 1) - 1);
    const adjusters = version?.plan.components.find(({ name }) => name === component)?.adjusters ?? [];
    const trueUp = adjusters.find(({ deposits }) => deposits !== undefined)?.trueUp;
    const look = { component, measure, owner, subject, fromDay, toDay, distinct: false };
    if (trueUp !== undefined) months.set(`${component} ${owner} ${fromDay}`, { look, trueUp });
  }
  if (months.size === 0) return;
  const found = [...months.values()];
  const standing = await readStanding(
    tx,
    found.map(({ look }) => ({ planKey, look })),
  );
  const units = found.map(({ look }) => standing.read(planKey, look));
  await queries.noteKnownMonths(tx, {
    planKey,
    components: found.map(({ look }) => look.component),
    owners: found.map(({ look }) => look.owner),
    months: found.map(({ look }) => look.fromDay),
    units: units.map(String),
    tiers: found.map(({ trueUp }, place) => trueUp.tierOf(units[place] ?? 0n)),
  });
}

/** To the sum of an IB or a plan, and to what it holds of the client. */
function add(sums: Standing, planKey: number, { name, clientKey, day, units }: CountedDeposit): void {
  const part: CounterName = { ...name, measure: 'deposits_of', owner: clientKey, subject: String(name.owner) };
  sums.add(planKey, [
    { ...name, day, units },
    { ...part, day, units },
  ]);
}

type CountedDeposit = ClientDay & { readonly name: CounterName; readonly units: bigint };

/**
 * Whose counters deposits are added to, in plan currency by the rates at their time: those of the IB and the plan that the client
 * had then. One that no rate converts counts for nothing.
 */
async function countedOf(
  tx: TenantTx,
  book: PlanBook,
  planKey: number,
  deposits: readonly MoneyOperation[],
): Promise<CountedDeposit[]> {
  if (deposits.length === 0) return [];
  const { chains } = await chainsOf(
    tx,
    deposits.map(({ clientKey, at }) => ({ clientKey, atMs: at.getTime() })),
  );
  const placed = deposits.flatMap((deposit, place) => {
    const levels = chains[place]?.levels ?? [];
    const version = book.versionFor(levels, deposit.at.getTime());
    const ibKey = levels[0]?.ibKey;
    return version?.planKey === planKey && ibKey !== undefined ? [{ deposit, ibKey, plan: version.plan }] : [];
  });
  const rates = await conversionsOf(
    tx,
    placed.map(({ deposit: { currency, at }, plan }) => ({ from: currency, to: plan.currency, at })),
  );
  return placed.flatMap(({ deposit, ibKey, plan }, place): CountedDeposit[] => {
    const { clientKey, currency, amount, at } = deposit;
    const rate = currency === plan.currency ? { numerator: 1n, denominator: 1n } : alongRates(rates[place], plan);
    if (typeof rate === 'string') return [];
    const units = measured(product(fractionOf(amount), rate));
    const day = dayOf(at.getTime());
    const names = plan.components.flatMap(({ adjusters }) =>
      adjusters.flatMap((adjuster) => adjuster.deposits?.(ibKey) ?? []),
    );
    return names.map((name) => ({ name, clientKey, day, units }));
  });
}
