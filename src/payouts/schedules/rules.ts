import type { ScheduleTerms } from './contract.ts';
import { cycleKinds, type PeriodGrid, weekdays } from './types.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** What closes in a quarter of an hour is stated within a minute or two of its end: within 30 minutes in any case. */
const STEPS_MS = { realtime: 15 * MINUTE_MS, hourly: HOUR_MS, daily: DAY_MS } as const;

/** What holds for beneficiaries while a tenant has said nothing: months, without delay, hold or minimum. */
export const FIRST_TERMS: ScheduleTerms = {
  cycle: { kind: 'monthly', afterDays: 0 },
  holdDays: 0,
  minimums: [],
  onHold: false,
};

/**
 * Which cycles a schedule takes part in, as a short text such as `weekly:1,4+3`: statements of all with the same text are made
 * together. The delay is the longer one of the days after the month's end and the days of hold.
 */
export function signatureOf({ cycle, holdDays }: ScheduleTerms): string {
  const days = cycle.kind === 'weekly' ? cycle.days.map((day) => weekdays.indexOf(day) + 1).sort((a, b) => a - b) : [];
  const delayDays = Math.max(holdDays, cycle.kind === 'monthly' ? cycle.afterDays : 0);
  return `${cycle.kind}${days.length === 0 ? '' : `:${days.join(',')}`}+${delayDays}`;
}

/** Reads a text of `signatureOf`. */
export function gridOf(signature: string): PeriodGrid {
  const [, kind, days, delay] = /^([a-z]+)(?::([1-7](?:,[1-7])*))?\+(\d{1,3})$/.exec(signature) ?? [];
  const known = cycleKinds.find((each) => each === kind);
  if (known === undefined || (known === 'weekly') !== (days !== undefined))
    throw new RangeError(`${signature} is no signature of a schedule`);
  return { kind: known, weekdays: days?.split(',').map(Number) ?? [], delayDays: Number(delay) };
}

/** Whether a grid is so fine that a statement is made for what happened only, and nobody gets a mail for each. */
export const isFine = ({ kind }: PeriodGrid): boolean => kind === 'realtime' || kind === 'hourly';

const floor = (ms: number, step: number): number => Math.floor(ms / step) * step;
/** The day of the week of a midnight: 1 is Monday; the first day of the epoch was a Thursday. */
const weekdayOf = (midnightMs: number): number => ((((midnightMs / DAY_MS + 3) % 7) + 7) % 7) + 1;

/** The first instant of the month of an instant (the civil calendar from days, after H. Hinnant). */
function monthOf(ms: number): number {
  const day = Math.floor(ms / DAY_MS);
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * ofYear + 2) / 153);
  const dayOfMonth = ofYear - Math.floor((153 * month + 2) / 5);
  return (day - dayOfMonth) * DAY_MS;
}

/** The latest end of a period at an instant or before it, all in ms since 1970. */
export function endUpTo(grid: PeriodGrid, atMs: number): number {
  if (grid.kind === 'monthly') return monthOf(atMs);
  if (grid.kind !== 'weekly') return floor(atMs, STEPS_MS[grid.kind]);
  let midnight = floor(atMs, DAY_MS);
  while (!grid.weekdays.includes(weekdayOf(midnight))) midnight -= DAY_MS;
  return midnight;
}

/** The end of the period in which an instant lies: an instant at an end begins the next. */
export function endAfter(grid: PeriodGrid, atMs: number): number {
  if (grid.kind === 'monthly') return monthOf(monthOf(atMs) + 32 * DAY_MS);
  if (grid.kind !== 'weekly') return floor(atMs, STEPS_MS[grid.kind]) + STEPS_MS[grid.kind];
  let midnight = floor(atMs, DAY_MS) + DAY_MS;
  while (!grid.weekdays.includes(weekdayOf(midnight))) midnight += DAY_MS;
  return midnight;
}

/** When the statements of a period that ends then are made. */
export const issuedFrom = (grid: PeriodGrid, endMs: number): number => endMs + grid.delayDays * DAY_MS;

/**
 * The ends of periods behind `doneMs` whose statements are to be made at an instant, the earliest first. Where nothing was ever
 * made it is the latest alone, and where more than `max` were missed, the latest of them: the first then tells of all before.
 */
export function endsDue(grid: PeriodGrid, doneMs: number | null, nowMs: number, max: number): number[] {
  const ends: number[] = [];
  let end = endUpTo(grid, nowMs - grid.delayDays * DAY_MS);
  while (ends.length < max && (doneMs === null ? ends.length === 0 : end > doneMs)) {
    ends.push(end);
    end = endUpTo(grid, end - 1);
  }
  return ends.reverse();
}
