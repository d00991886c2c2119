import type { PeriodUnit } from '../periods/types.ts';

const DAY_MS = 86_400_000;
/** 1970-01-05 was a Monday. */
const MONDAY_MS = 4 * DAY_MS;

/** The period of a unit that holds an instant, half-open, UTC. */
export function periodOf(unit: PeriodUnit, at: Date): { readonly from: Date; readonly to: Date } {
  if (unit === 'month') {
    const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
    return { from: new Date(Date.UTC(year, month)), to: new Date(Date.UTC(year, month + 1)) };
  }
  const [lengthMs, originMs] = unit === 'day' ? [DAY_MS, 0] : [7 * DAY_MS, MONDAY_MS];
  const fromMs = Math.floor((at.getTime() - originMs) / lengthMs) * lengthMs + originMs;
  return { from: new Date(fromMs), to: new Date(fromMs + lengthMs) };
}

/** The periods of a unit that end behind an instant, and at another one at the latest. */
export function periodsBetween(
  unit: PeriodUnit,
  from: Date,
  until: Date,
): { readonly from: Date; readonly to: Date }[] {
  const found: { readonly from: Date; readonly to: Date }[] = [];
  let period = periodOf(unit, new Date(periodOf(unit, until).from.getTime() - 1));
  while (period.to > from && period.to <= until) {
    found.push(period);
    period = periodOf(unit, new Date(period.from.getTime() - 1));
  }
  return found.reverse();
}
