import { tradingProblem } from '../errors.ts';
import type { ServerClockRule } from '../types.ts';

/** A server time in UTC. `ambiguous`: the label occurs twice and this is the first of the two instants. */
export type ServerInstant =
  | { readonly kind: 'instant'; readonly utcMs: number; readonly ambiguous: boolean }
  | { readonly kind: 'nonexistent' };

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A server's clock lies within a day of its zone's. */
const SHIFT_MINUTES_MAX = 24 * 60;
/** Hours remembered per zone: about eleven years; then the memory starts afresh. */
const HOURS_MAX = 100_000;

type Zone = { readonly format: Intl.DateTimeFormat; readonly offsetByHour: Map<number, number> };
const zones = new Map<string, Zone>();

function zoneOf(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    const zone = { format, offsetByHour: new Map<number, number>() };
    zones.set(name, zone);
    return zone;
  } catch (cause) {
    throw tradingProblem('trading.clock_rule_invalid', { detail: `${JSON.stringify(name)} is no IANA zone`, cause });
  }
}

/** Says whether a rule can be used; throws `trading.clock_rule_invalid`. Call it when a rule is stored. */
export function checkClockRule({ zone, shiftMinutes }: ServerClockRule): void {
  zoneOf(zone);
  if (!Number.isInteger(shiftMinutes) || Math.abs(shiftMinutes) > SHIFT_MINUTES_MAX)
    throw tradingProblem('trading.clock_rule_invalid', { detail: `A shift of ${shiftMinutes} minutes` });
}

/** What the zone's clock is ahead of UTC at an instant, in ms, from the runtime's copy of the tz database. */
function offsetAt(zone: Zone, utcMs: number): number {
  const text = zone.format.format(utcMs);
  const match = /GMT(?:([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?)?$/.exec(text);
  if (match === null) throw new Error(`The runtime wrote an offset as ${JSON.stringify(text)}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1000);
}

/** All instants at which the zone's clock shows a label, earliest first: none, one or two. */
function instantsOf(zone: Zone, labelMs: number): number[] {
  // No zone is a day from UTC, so one of these two offsets is in force whenever the label is shown.
  const offsets = new Set([offsetAt(zone, labelMs - DAY_MS), offsetAt(zone, labelMs + DAY_MS)]);
  return [...offsets]
    .map((offset) => labelMs - offset)
    .filter((utcMs) => labelMs - utcMs === offsetAt(zone, utcMs))
    .sort((left, right) => left - right);
}

/** The one offset in force during a whole hour of labels; NaN if the clock changes in or around it. */
function offsetOfHour(zone: Zone, hour: number): number {
  const known = zone.offsetByHour.get(hour);
  if (known !== undefined) return known;
  const first = instantsOf(zone, hour * HOUR_MS);
  const last = instantsOf(zone, hour * HOUR_MS + HOUR_MS);
  const from = first.length === 1 && first[0] !== undefined ? hour * HOUR_MS - first[0] : NaN;
  const to = last.length === 1 && last[0] !== undefined ? hour * HOUR_MS + HOUR_MS - last[0] : NaN;
  if (zone.offsetByHour.size >= HOURS_MAX) zone.offsetByHour.clear();
  const offset = from === to ? from : NaN;
  zone.offsetByHour.set(hour, offset);
  return offset;
}

/**
 * A server's wall clock (ms since 1970, written as if it were UTC) in UTC, by the rule in force at that moment.
 * Of a label that occurs twice the first instant is taken and flagged; one that the clock skips is `nonexistent`
 * (design, Time). Throws `trading.clock_rule_invalid` for a rule that `checkClockRule` would refuse.
 */
export function utcFromServerTime(rule: ServerClockRule, serverTimeMs: number): ServerInstant {
  const zone = zoneOf(rule.zone);
  const labelMs = serverTimeMs - rule.shiftMinutes * MINUTE_MS;
  const offset = offsetOfHour(zone, Math.floor(labelMs / HOUR_MS));
  if (!Number.isNaN(offset)) return { kind: 'instant', utcMs: labelMs - offset, ambiguous: false };
  const instants = instantsOf(zone, labelMs);
  const first = instants[0];
  return first === undefined
    ? { kind: 'nonexistent' }
    : { kind: 'instant', utcMs: first, ambiguous: instants.length > 1 };
}

/** What a server's wall clock shows at an instant (ms since 1970, as if UTC). */
export const serverTimeFromUtc = (rule: ServerClockRule, utcMs: number): number =>
  utcMs + offsetAt(zoneOf(rule.zone), utcMs) + rule.shiftMinutes * MINUTE_MS;
