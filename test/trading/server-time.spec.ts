import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isProblem } from '../../src/kernel/problem.ts';
import { checkClockRule, serverTimeFromUtc, utcFromServerTime } from '../../src/trading/platforms/server-time.ts';

const newYorkClose = { zone: 'America/New_York', shiftMinutes: 420 };
const athens = { zone: 'Europe/Athens', shiftMinutes: 0 };
const lordHowe = { zone: 'Australia/Lord_Howe', shiftMinutes: 0 };
const utc = { zone: 'UTC', shiftMinutes: 60 };

/** A label such as 2026-03-08 08:59:59 as a server writes it. */
const label = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);
const shown = (rule: typeof athens, text: string): string => {
  const instant = utcFromServerTime(rule, label(text));
  if (instant.kind === 'nonexistent') return 'nonexistent';
  return new Date(instant.utcMs).toISOString() + (instant.ambiguous ? ' ambiguous' : '');
};

describe('the server clock in UTC', () => {
  it.each([
    // The US clock goes forward on 2026-03-08 at 07:00 UTC: the server's 09:00 becomes 10:00.
    ['2026-03-08 08:59:59.999', '2026-03-08T06:59:59.999Z'],
    ['2026-03-08 09:00:00', 'nonexistent'],
    ['2026-03-08 09:59:59.999', 'nonexistent'],
    ['2026-03-08 10:00:00', '2026-03-08T07:00:00.000Z'],
    // Between the US and the EU date the server is on GMT+3 already.
    ['2026-03-20 12:00:00', '2026-03-20T09:00:00.000Z'],
    // Back on 2026-11-01 at 06:00 UTC: the server shows 08:00 to 09:00 twice.
    ['2026-11-01 07:59:59.999', '2026-11-01T04:59:59.999Z'],
    ['2026-11-01 08:00:00', '2026-11-01T05:00:00.000Z ambiguous'],
    ['2026-11-01 08:59:59.999', '2026-11-01T05:59:59.999Z ambiguous'],
    ['2026-11-01 09:00:00', '2026-11-01T07:00:00.000Z'],
    ['2026-01-15 00:00:00', '2026-01-14T22:00:00.000Z'],
  ])('New York + 7 h: %s is %s', (text, expected) => {
    expect(shown(newYorkClose, text)).toBe(expected);
  });

  it.each([
    // The EU clocks go forward on 2026-03-29 at 01:00 UTC and back on 2026-10-25 at 01:00 UTC.
    ['2026-03-20 12:00:00', '2026-03-20T10:00:00.000Z'],
    ['2026-03-29 02:59:59', '2026-03-29T00:59:59.000Z'],
    ['2026-03-29 03:30:00', 'nonexistent'],
    ['2026-03-29 04:00:00', '2026-03-29T01:00:00.000Z'],
    ['2026-10-25 02:59:59', '2026-10-24T23:59:59.000Z'],
    ['2026-10-25 03:00:00', '2026-10-25T00:00:00.000Z ambiguous'],
    ['2026-10-25 03:59:59', '2026-10-25T00:59:59.000Z ambiguous'],
    ['2026-10-25 04:00:00', '2026-10-25T02:00:00.000Z'],
  ])('Athens: %s is %s', (text, expected) => {
    expect(shown(athens, text)).toBe(expected);
  });

  it.each([
    // A change of half an hour, inside an hour of labels: 2026-04-05 02:00 goes back to 01:30, 2026-10-04 02:00 forward to 02:30.
    ['2026-04-05 01:29:59', '2026-04-04T14:29:59.000Z'],
    ['2026-04-05 01:30:00', '2026-04-04T14:30:00.000Z ambiguous'],
    ['2026-04-05 01:59:59', '2026-04-04T14:59:59.000Z ambiguous'],
    ['2026-04-05 02:00:00', '2026-04-04T15:30:00.000Z'],
    ['2026-10-04 01:59:59', '2026-10-03T15:29:59.000Z'],
    ['2026-10-04 02:15:00', 'nonexistent'],
    ['2026-10-04 02:30:00', '2026-10-03T15:30:00.000Z'],
  ])('Lord Howe: %s is %s', (text, expected) => {
    expect(shown(lordHowe, text)).toBe(expected);
  });

  it('knows a server that keeps UTC+1 the whole year', () => {
    expect(shown(utc, '2026-07-01 12:00:00')).toBe('2026-07-01T11:00:00.000Z');
    expect(shown(utc, '2026-12-01 12:00:00')).toBe('2026-12-01T11:00:00.000Z');
  });

  it('agrees with Intl at random instants: there, back, and the earlier of two', () => {
    const zones = [
      'America/New_York',
      'Europe/Athens',
      'Europe/London',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'UTC',
      'America/Sao_Paulo',
      'Africa/Casablanca',
    ];
    const near = (day: string) =>
      fc.integer({ min: Date.parse(day) - 172_800_000, max: Date.parse(day) + 172_800_000 });
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: -840, max: 840 }),
        fc.oneof(
          near('2026-03-08'),
          near('2026-03-29'),
          near('2026-10-25'),
          near('2026-11-01'),
          fc.integer({ min: 1, max: 4_000_000_000_000 }),
        ),
        (zone, shiftMinutes, utcMs) => {
          const rule = { zone, shiftMinutes };
          const wall = wallClock(zone, utcMs) + shiftMinutes * 60_000;
          expect(serverTimeFromUtc(rule, utcMs)).toBe(wall);
          const instant = utcFromServerTime(rule, wall);
          if (instant.kind === 'nonexistent') throw new Error('A label that was shown exists');
          expect(instant.utcMs === utcMs || (instant.ambiguous && instant.utcMs < utcMs)).toBe(true);
          expect(serverTimeFromUtc(rule, instant.utcMs)).toBe(wall);
        },
      ),
      { seed: 20_260_308, numRuns: 3000 },
    );
  });

  it('gives the same answer whatever was asked before', () => {
    const labels = [...Array(200).keys()].map((hour) => label('2026-10-31 00:00:00') + hour * 1_234_567);
    const forward = labels.map((at) => utcFromServerTime(newYorkClose, at));
    const backward = labels.toReversed().map((at) => utcFromServerTime({ ...newYorkClose }, at));
    expect(backward.toReversed()).toEqual(forward);
  });

  it('refuses a zone that does not exist and a shift beyond a day', () => {
    for (const rule of [
      { zone: 'Mars/Olympus', shiftMinutes: 0 },
      { zone: 'UTC', shiftMinutes: 1441 },
      { zone: 'UTC', shiftMinutes: 0.5 },
    ]) {
      let thrown: unknown;
      try {
        checkClockRule(rule);
      } catch (error) {
        thrown = error;
      }
      expect(isProblem(thrown, 'trading.clock_rule_invalid')).toBe(true);
    }
  });
});

/** The wall clock of a zone by another way than the code under test: by its parts. */
function wallClock(zone: string, utcMs: number): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(utcMs);
  const part = (type: string): number => Number(parts.find((found) => found.type === type)?.value);
  return (
    Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) +
    (utcMs % 1000)
  );
}
