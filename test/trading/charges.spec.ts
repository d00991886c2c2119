import { describe, expect, it } from 'vitest';
import { chargedOf } from '../../src/trading/executions/rules.ts';

const LOT = 100_000_000n;
const entry = (lots: bigint, commission: string) => ({
  openedVolume: lots * LOT,
  closedVolume: 0n,
  commission,
  fee: '0',
});
const close = (volume: bigint, commission = '0') => ({ openedVolume: 0n, closedVolume: volume, commission, fee: '0' });

describe('The charges of a position that is closed in a thousand parts', () => {
  it('are added up in a moment, and take the entries once', () => {
    const parts = Array.from({ length: 1_000 }, (_none, place) => BigInt(place % 37) * 100_000n + 1_300_007n);
    const closed = parts.reduce((sum, volume) => sum + volume, 0n);
    const legs = [entry(40n, '-7.77'), ...parts.map((volume) => close(volume, '-0.01')), close(40n * LOT - closed)];
    let cents = 0n;
    // The first ones, some in the middle and the last one: each is added from all before it.
    for (const place of [1, 2, 30, 500, 999, 1_001]) {
      const closing = legs[place];
      if (closing === undefined) throw new Error('a leg is missing');
      expect(chargedOf(closing, legs.slice(0, place), 6)).toMatch(/^\d+\.\d+$/);
    }
    const few = [
      entry(1n, '-1'),
      ...Array.from({ length: 60 }, () => close(LOT / 64n)),
      close(LOT - 60n * (LOT / 64n)),
    ];
    few.forEach((leg, place) => {
      if (place > 0)
        cents += BigInt((chargedOf(leg, few.slice(0, place), 6) ?? '0').replace('.', '').padEnd(7, '0').slice(0, 7));
    });
    expect(cents).toBe(1_000_000n); // The dollar of the entry, once.
  });
});
