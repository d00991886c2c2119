import type { TenantTx } from '../../platform/tenant-tx.ts';
import { holdMarks } from '../arrivals/queries.ts';
import { faultOf } from '../awards/rules.ts';
import { award } from '../awards/service.ts';
import type { AwardPart, NewAward } from '../awards/types.ts';
import { factsOfPeriods } from '../facts/store.ts';
import type { PeriodFacts } from '../facts/types.ts';
import { laddersOf } from '../ladders/service.ts';
import type { PaidByPeriod } from '../periods/contract.ts';
import type { PeriodUnit } from '../periods/types.ts';
import type { PlanBook, PlanBooks, PublishedVersion } from '../plans/store.ts';
import type { PeriodInputs } from './contract.ts';
import * as queries from './queries.ts';
import { computeAward } from './rules.ts';
import {
  insertResults,
  type Ledgered,
  ledgeredOf,
  linksOf,
  nameOfComponent,
  noteWaits,
  type Place,
  placesAt,
} from './store.ts';
import type { DueRow, Looked, NewResult, StoredResult, Wait } from './types.ts';

/** Clients that are looked at in one transaction. */
const CLIENTS_PER_PAGE = 50;

/** Which periods are looked at: what is due up to an instant; of a range only what ends in it, and what was settled there again. */
export type LookRange = {
  readonly upTo: Date;
  readonly range?: { readonly from: Date; readonly to: Date } | undefined;
};

/** What of the plans pays by the period. */
type PaysByPeriod = PaidByPeriod & { readonly model: { readonly over: 'period'; readonly unit: PeriodUnit } };
const paysByPeriod = (component: PaidByPeriod): component is PaysByPeriod => component.model.over === 'period';

/** The next clients of whom something is due, and the last of them; undefined where there is none. */
export async function nextClients(tx: TenantTx, look: LookRange, after: number): Promise<readonly number[]> {
  const rows = await queries.dueClients(tx, { ...boundsOf(look), after, limit: CLIENTS_PER_PAGE });
  return rows.map(({ clientKey }) => clientKey);
}

const boundsOf = ({ upTo, range }: LookRange) => ({
  upTo,
  from: range?.from,
  to: range?.to,
  again: range !== undefined,
});

/**
 * Works out what the due periods of clients come to, as all is known now: what each earns in all, and what is to be awarded for
 * it, which is that less what was awarded before. Nothing is written. Periods that follow and were settled are looked at too,
 * for what is carried over may have changed.
 */
export async function lookAt(
  tx: TenantTx,
  books: PlanBooks,
  clientKeys: readonly number[],
  look: LookRange,
): Promise<{ readonly due: readonly DueRow[]; readonly looked: Looked }> {
  const due = await queries.duePeriods(tx, { ...boundsOf(look), clientKeys });
  const book = await books.read(tx);
  const ledgered = await ledgeredOf(tx, clientKeys);
  const periods = withFollowing(due, ledgered.all, book);
  const asked = periods.map(({ clientKey, to }) => ({ clientKey, atMs: to.getTime() - 1 }));
  const { places, knownAt } = await placesAt(tx, book, asked);
  const planned = periods.map((period, place) => {
    const plan = places[place]?.version?.plan;
    const pays = plan?.periods.some(({ model }) => model.over === 'period' && model.unit === period.unit) === true;
    return pays ? { ...period, currency: plan.currency } : undefined;
  });
  const left = (
    await factsOfPeriods(
      tx,
      planned.filter((each) => each !== undefined),
    )
  )[Symbol.iterator]();
  const work: Work = { book, ledgered, results: [], waits: [], blocked: new Map(), now: look.upTo };
  for (const [place, period] of periods.entries()) {
    const at = places[place];
    const known = planned[place] === undefined ? undefined : left.next().value;
    if (at !== undefined) settleOne(work, period, at, known ?? NO_FACTS);
  }
  const ever = due.filter(({ unit }) => unit === 'ever');
  const ladders = await laddersOf(tx, book, ever, { now: look.upTo, knownAt });
  const isDue = new Set(due.map(nameOfRow));
  return {
    due,
    looked: {
      results: work.results,
      awards: ladders.awards,
      later: ladders.later,
      waits: [...work.waits.filter((wait) => isDue.has(nameOfRow(wait))), ...ladders.waits],
      knownAt,
      configurationVersion: book.version,
    },
  };
}

type Period = DueRow & { readonly unit: PeriodUnit };
const nameOfRow = ({ clientKey, unit, from }: DueRow): string => `${clientKey} ${unit} ${from.getTime()}`;

/** Due periods, and the settled ones that follow the first of a client whose components carry over; each client's in their order. */
function withFollowing(due: readonly DueRow[], results: readonly StoredResult[], book: PlanBook): Period[] {
  const found = new Map<string, Period>();
  const firstDue = new Map<number, number>();
  for (const row of due) {
    const { unit, clientKey, from } = row;
    if (unit === 'ever') continue;
    found.set(nameOfRow(row), { ...row, unit });
    firstDue.set(clientKey, Math.min(firstDue.get(clientKey) ?? Infinity, from.getTime()));
  }
  for (const { clientKey, from, to, planVersionKey, component } of results) {
    const compiled = componentNamed(book.versionOfKey(planVersionKey), component);
    if (compiled?.model.over !== 'period' || !compiled.model.carries) continue;
    if (from.getTime() <= (firstDue.get(clientKey) ?? Infinity)) continue;
    const period = { clientKey, unit: compiled.model.unit, from, to };
    found.set(nameOfRow(period), period);
  }
  return [...found.values()].sort(
    (left, right) => left.clientKey - right.clientKey || left.from.getTime() - right.from.getTime(),
  );
}

const componentNamed = (version: PublishedVersion | undefined, name: string): PaidByPeriod | undefined =>
  version?.plan.periods.find((component) => component.name === name);

const isOf = (result: StoredResult, { clientKey, from, to }: Period): boolean =>
  result.clientKey === clientKey && result.from.getTime() === from.getTime() && result.to.getTime() === to.getTime();

type Work = {
  readonly book: PlanBook;
  readonly ledgered: Ledgered;
  readonly results: NewResult[];
  readonly waits: Wait[];
  /** Components of which an earlier period waits, with its code: what they carry over is not known. */
  readonly blocked: Map<string, string>;
  readonly now: Date;
};

/** One period by all components of the plan in force, and by those that paid for it before and do not any more. */
function settleOne(work: Work, period: Period, place: Place, facts: PeriodFacts): void {
  const { version } = place;
  const paying = (version?.plan.periods ?? []).filter(
    (component) => paysByPeriod(component) && component.model.unit === period.unit,
  );
  for (const component of paying)
    if (version !== undefined) settleComponent(work, period, { place, version, component, facts });
  const names = new Set(paying.map(({ name }) => `${version?.planKey} ${name}`));
  for (const result of work.ledgered.all.filter((each) => isOf(each, period))) {
    if (names.has(`${result.planKey} ${result.component}`)) continue;
    const before = work.book.versionOfKey(result.planVersionKey);
    const component = componentNamed(before, result.component);
    if (before !== undefined && component?.model.over === 'period')
      settleComponent(work, period, {
        place: { ...place, chain: [] },
        version: before,
        component,
        facts: NO_FACTS,
      });
  }
}

const NO_FACTS: PeriodFacts = { lines: [], unknown: [] };

type Component = {
  readonly place: Place;
  readonly version: PublishedVersion;
  readonly component: PaidByPeriod;
  readonly facts: PeriodFacts;
};

/** What was awarded of a period before, as inputs keep it. */
const awardedBefore = (before: StoredResult | undefined, parts: readonly AwardPart[]) => ({
  units: String(before?.earningUnits ?? 0n),
  parts: parts.map((part) => ({ ...part, units: String(part.units) })),
});

function settleComponent(work: Work, period: Period, { place, version, component, facts }: Component): void {
  const { clientKey, from, to, unit } = period;
  const { model } = component;
  if (model.over !== 'period') return;
  const of = { clientKey, planKey: version.planKey, component: component.name };
  const name = nameOfComponent(of);
  const wait = (code: string): void => {
    work.waits.push({ ...period, code, detail: `component ${component.name}` });
    work.blocked.set(name, code);
  };
  const before = work.ledgered.of(of, from);
  if (before?.isClawedBack === true) return undefined; // Final, whatever is known of it.
  const unknown = facts.unknown.find(({ part }) => model.signs[part] !== undefined);
  const blocked = model.carries ? work.blocked.get(name) : undefined;
  if (blocked !== undefined || unknown !== undefined) return wait(blocked ?? unknown?.code ?? '');
  const lines = facts.lines.filter(({ part }) => model.signs[part] !== undefined);
  const inputs: PeriodInputs = {
    over: 'period',
    component: component.name,
    asOf: new Date(place.atMs).toISOString(),
    period: { unit, from: from.toISOString(), to: to.toISOString() },
    lines,
    carriedUnits: String(model.carries ? work.ledgered.carriedTo(of, from) : 0n),
    before: awardedBefore(before, work.ledgered.partsOf(of, from)),
  };
  const chain = linksOf(work.book, place, version, clientKey);
  const computed = computeAward({ component, plan: version.plan, chain, clientKey, inputs });
  if (typeof computed === 'string') return wait(computed);
  const { whole, now, carriedUnits, reason } = computed;
  const isNothing = now.units === 0n && now.parts.length === 0;
  if (isNothing && before?.carriedUnits === carriedUnits) return undefined; // As it was.
  if (isNothing && before === undefined && carriedUnits === 0n && lines.length === 0) return undefined; // Nothing happened.
  const sequence = (before?.sequence ?? -1) + 1;
  const granted: NewAward | undefined = isNothing
    ? undefined
    : {
        ...now,
        isDifference: before !== undefined,
        kind: component.kind,
        planVersionKey: version.key,
        component: component.place,
        clientKey,
        ibKey: chain[0]?.ibKey ?? null,
        currency: version.plan.currency,
        earnedAt: new Date(place.atMs),
        inputs,
        once: [component.kind, clientKey, version.planKey, component.name, from.toISOString(), sequence].join(' '),
      };
  const fault = granted && faultOf(granted, work.now);
  if (fault !== undefined) return wait(fault.code);
  const result: NewResult = {
    ...of,
    from,
    to,
    sequence,
    planVersionKey: version.key,
    kind: component.kind,
    ibKey: chain[0]?.ibKey ?? null,
    whole,
    carriedUnits,
    reason,
    award: granted,
    inputs: granted === undefined ? inputs : {}, // The award keeps them.
  };
  work.ledgered.note(result);
  work.results.push(result);
  return undefined;
}

/** What a page of settling came to. */
export type PageSettled = { readonly clients: number; readonly awards: number; readonly waiting: number };

/**
 * Settles the due periods of clients: writes results and awards, takes what is done from the queue, and notes why the rest
 * waits, all in the given transaction. A second time finds nothing due.
 */
export async function settlePeriods(
  tx: TenantTx,
  books: PlanBooks,
  clientKeys: readonly number[],
  look: LookRange,
): Promise<PageSettled> {
  await holdMarks(tx, {}); // Another that looks at the same clients waits, and then finds nothing due.
  const { due, looked } = await lookAt(tx, books, clientKeys, look);
  const granted = [...looked.results.flatMap(({ award: each }) => each ?? []), ...looked.awards];
  const awarded = await award(tx, granted, looked);
  const keys = awarded[Symbol.iterator]();
  const awardKeys = looked.results.map(({ award: each }) =>
    each === undefined ? null : (keys.next().value?.key ?? null),
  );
  await insertResults(tx, looked.results, awardKeys, looked);
  await noteWaits(tx, looked.waits);
  const waiting = new Set(looked.waits.map(nameOfRow));
  const stays = (row: DueRow): boolean =>
    waiting.has(nameOfRow(row)) || (row.unit === 'ever' && looked.later.has(row.clientKey));
  const done = due.filter((row) => !stays(row));
  await queries.deleteDue(tx, {
    clientKeys: done.map(({ clientKey }) => clientKey),
    units: done.map(({ unit }) => unit),
    froms: done.map(({ from }) => from),
  });
  return { clients: clientKeys.length, awards: granted.length, waiting: waiting.size };
}
