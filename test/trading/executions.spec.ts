import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chargedOf } from '../../src/trading/executions/rules.ts';

const LOT = 100_000_000n;
const entry = (hundredths: number, commission: string, fee?: string) => ({
  openedVolume: (BigInt(hundredths) * LOT) / 100n,
  closedVolume: 0n,
  commission,
  fee,
});
const close = (hundredths: number, commission: string, fee?: string) => ({
  openedVolume: 0n,
  closedVolume: (BigInt(hundredths) * LOT) / 100n,
  commission,
  fee,
});

describe('what a client was charged on a closing leg', () => {
  it('is commission on the entry and on the close: -6.00 on each of 2 lots are 12.00', () =>
    expect(chargedOf(close(200, '-6.00'), [entry(200, '-6.00')], 6)).toBe('12'));

  it('holds fees too', () => expect(chargedOf(close(100, '-1', '-0.25'), [entry(100, '-2', '-0.5')], 6)).toBe('3.75'));

  it('of part closes counts the entry once, on the running total', () => {
    const first = entry(300, '-1.00');
    const part = close(100, '0');
    expect(chargedOf(part, [first], 6)).toBe('0.333333');
    expect(chargedOf(part, [first, part], 6)).toBe('0.333334');
    expect(chargedOf(part, [first, part, part], 6)).toBe('0.333333');
  });

  it('of a reversal is shared by the volumes that it closes and opens', () => {
    const reversal = { openedVolume: LOT, closedVolume: 2n * LOT, commission: '-9', fee: undefined };
    expect(chargedOf(reversal, [entry(200, '-4')], 6)).toBe('10');
    expect(chargedOf(close(100, '0'), [entry(200, '-4'), reversal], 6)).toBe('3');
  });

  it('is never below 0: what the client was paid is no charge', () =>
    expect(chargedOf(close(100, '2'), [entry(100, '-1')], 6)).toBe('0'));

  it('is not known while an entry is missing', () => {
    expect(chargedOf(close(100, '-6'), [], 6)).toBeUndefined();
    expect(chargedOf(close(200, '-6'), [entry(100, '-6')], 6)).toBeUndefined();
    expect(chargedOf(close(100, '-6'), [entry(100, '-6'), close(100, '-6')], 6)).toBeUndefined();
  });

  it('adds up to all that was charged, however a position is entered and closed', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            lots: fc.integer({ min: 1, max: 500 }),
            cents: fc.integer({ min: 0, max: 900 }),
            opens: fc.boolean(),
          }),
          {
            minLength: 1,
            maxLength: 12,
          },
        ),
        (steps) => {
          const legs: ReturnType<typeof entry>[] = [];
          let open = 0;
          let charged = 0n;
          let all = 0;
          const take = (leg: ReturnType<typeof entry>): void => {
            if (leg.closedVolume > 0n) charged += BigInt(Math.round(Number(chargedOf(leg, legs, 6)) * 1e6));
            legs.push(leg);
          };
          for (const { lots, cents, opens } of steps) {
            const closed = Math.min(lots, open);
            if (!opens && closed === 0) continue;
            open += opens ? lots : -closed;
            all += cents;
            take(opens ? entry(lots, String(-cents / 100)) : close(closed, String(-cents / 100)));
          }
          if (open > 0) take(close(open, '0'));
          expect(charged).toBe(BigInt(all) * 10_000n);
        },
      ),
      { seed: 20_260_310, numRuns: 300 },
    ));
});
