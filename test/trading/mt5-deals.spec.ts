import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf, doubtOf, translateDeal } from '../../src/trading/index.ts';
import { closesVolume, isEligible, isTraded, modifiersOf, opensVolume } from '../../src/trading/rules.ts';
import type { Deal, RawDeal } from '../../src/trading/types.ts';

/** The deal of the contract's example. */
const close: RawDeal = {
  Deal: '11918642',
  Login: '900101',
  Order: '7',
  PositionID: '5',
  Action: 0,
  Entry: 1,
  Symbol: 'EURUSD',
  Price: '1.08512',
  PricePosition: '1.08440',
  Volume: '13700',
  VolumeClosed: '13700',
  ContractSize: '100000',
  Time: 1773187200,
  Profit: '98.64',
  Commission: '-6.00',
  Storage: '0',
  RateProfit: '1',
  MarketBid: '1.08510',
  MarketAsk: '1.08522',
};
const dealOf = (change: RawDeal = {}): Deal => {
  const result = translateDeal({ ...close, ...change });
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};
const codeOf = (change: RawDeal): string => {
  const result = translateDeal({ ...close, ...change });
  return result.ok ? 'accepted' : result.code;
};
const LOT = 100_000_000n;

describe('an MT5 deal', () => {
  it('becomes the noun, exact to the last digit', () => {
    expect(dealOf()).toEqual({
      ticket: 11918642n,
      login: 900101n,
      order: 7n,
      positionId: 5n,
      action: 0,
      entry: 'out',
      reason: undefined,
      modificationFlags: 0,
      symbol: 'EURUSD',
      openedVolume: 0n,
      closedVolume: 137_000_000n,
      contractSize: '100000',
      price: '1.08512',
      priceOpen: '1.0844',
      profit: '98.64',
      commission: '-6',
      fee: undefined,
      storage: '0',
      rateProfit: '1',
      marketBid: '1.0851',
      marketAsk: '1.08522',
      serverTimeMs: 1_773_187_200_000,
      hasMs: false,
      raw: close,
    });
  });

  it('keeps unknown fields, and does not mind null where a field may be missing', () => {
    const deal = dealOf({ Gateway: 'LP1', NewField: { a: [1] }, Fee: null, Reason: null });
    expect(deal.raw).toMatchObject({ Gateway: 'LP1', NewField: { a: [1] } });
    expect(deal.fee).toBeUndefined();
  });

  it.each([
    ['in', { Entry: 0, Volume: 10_000, VolumeClosed: 0 }, LOT, 0n],
    ['out', { Entry: 1, Volume: 10_000, VolumeClosed: null }, 0n, LOT],
    ['in/out', { Entry: 2, Volume: 30_000, VolumeClosed: 10_000 }, 2n * LOT, LOT],
    ['out by', { Entry: 3, Volume: 10_000, VolumeClosed: 10_000 }, 0n, LOT],
    ['a tiny volume by VolumeExt', { Entry: 0, Volume: 0, VolumeExt: '9999', VolumeClosed: 0 }, 9999n, 0n],
    [
      'VolumeExt before Volume',
      { Entry: 1, Volume: 13_700, VolumeExt: 137_000_001, VolumeClosed: null },
      0n,
      137_000_001n,
    ],
    [
      'VolumeClosedExt before VolumeClosed',
      { Entry: 2, Volume: 20_000, VolumeExt: 2e8, VolumeClosed: 10_000, VolumeClosedExt: 100_000_007 },
      99_999_993n,
      100_000_007n,
    ],
    [
      'VolumeExt 0 of a server that has none',
      { Entry: 1, Volume: '100', VolumeExt: '0', VolumeClosed: '100' },
      0n,
      1_000_000n,
    ],
    [
      'a whole number written with decimals',
      { Entry: 1, Volume: '13700.00', VolumeClosed: '13700.0' },
      0n,
      137_000_000n,
    ],
  ] satisfies [string, RawDeal, bigint, bigint][])(
    'opens and closes by the table of volumes: %s',
    (_name, change, opened, closed) => {
      const deal = dealOf(change);
      expect([deal.openedVolume, deal.closedVolume]).toEqual([opened, closed]);
      expect([opensVolume(deal), closesVolume(deal)]).toEqual([opened > 0n, closed > 0n]);
    },
  );

  it('carries no volume and no entry when it is money, whatever Entry and Volume say', () => {
    for (const Action of [2, 3, 4, 5, 6, 12, 13, 14, 18, 77]) {
      const deal = dealOf({ Action, Entry: 0, Symbol: '', Price: null, Volume: 10_000 });
      expect([deal.entry, deal.openedVolume, deal.closedVolume, isTraded(deal), doubtOf(deal)]).toEqual([
        undefined,
        0n,
        0n,
        false,
        undefined,
      ]);
    }
  });

  it('takes the time in milliseconds before the one in seconds', () => {
    expect(dealOf({ TimeMsc: '1773187200123' })).toMatchObject({ serverTimeMs: 1_773_187_200_123, hasMs: true });
    expect(dealOf({ TimeMsc: 0 })).toMatchObject({ serverTimeMs: 1_773_187_200_000, hasMs: false });
  });

  it('keeps the largest tickets a bigint column holds', () => {
    expect(dealOf({ Deal: '9223372036854775807', PositionID: '9007199254740993' })).toMatchObject({
      ticket: 9_223_372_036_854_775_807n,
      positionId: 9_007_199_254_740_993n,
    });
  });

  it.each([
    [{ Deal: null }, 'feed.field_missing'],
    [{ Login: null }, 'feed.field_missing'],
    [{ Action: null }, 'feed.field_missing'],
    [{ Entry: null }, 'feed.field_missing'],
    [{ Symbol: '' }, 'feed.field_missing'],
    [{ Symbol: 7 }, 'feed.field_malformed'],
    [{ Symbol: 'E'.repeat(65) }, 'feed.field_malformed'],
    [{ Price: null }, 'feed.field_missing'],
    [{ Login: true }, 'feed.field_malformed'],
    [{ Profit: { amount: '1' } }, 'feed.field_malformed'],
    [{ Deal: '9223372036854775808' }, 'feed.ticket_out_of_range'],
    [{ Deal: '18446744073709551615' }, 'feed.ticket_out_of_range'],
    [{ PositionID: -1 }, 'feed.ticket_out_of_range'],
    [{ Order: '1.5' }, 'feed.ticket_out_of_range'],
    [{ Deal: '1e3' }, 'feed.number_malformed'],
    [{ Deal: '' }, 'feed.number_malformed'],
    [{ Login: ' 900101' }, 'feed.number_malformed'],
    [{ Profit: '1,000.00' }, 'feed.number_malformed'],
    [{ Profit: '0x10' }, 'feed.number_malformed'],
    [{ Profit: 'NaN' }, 'feed.number_malformed'],
    [{ Profit: Number.NaN }, 'feed.field_malformed'],
    [{ Profit: 1e21 }, 'feed.number_malformed'],
    [{ Profit: '١٢' }, 'feed.number_malformed'],
    [{ Action: 1.5 }, 'feed.field_malformed'],
    [{ Action: -1 }, 'feed.field_malformed'],
    [{ Reason: 4_294_967_296 }, 'feed.field_malformed'],
    [{ Entry: 4 }, 'feed.entry_unknown'],
    [{ Entry: 255 }, 'feed.entry_unknown'],
    [{ Volume: -1 }, 'feed.volume_invalid'],
    [{ Volume: '0.5' }, 'feed.volume_invalid'],
    [{ Volume: '9223372036854775807' }, 'feed.volume_invalid'],
    [{ VolumeClosed: 13_701 }, 'feed.volume_invalid'],
    [{ Time: null }, 'feed.time_missing'],
    [{ Time: 0 }, 'feed.time_missing'],
    [{ Time: -5 }, 'feed.time_out_of_range'],
    [{ Time: 1_773_187_200_000 }, 'feed.time_out_of_range'],
  ] satisfies [RawDeal, string][])('is refused with a code: %j gives %s', (change, code) => {
    expect(codeOf(change)).toBe(code);
  });

  it.each([
    [{ Volume: null, VolumeClosed: null }, 'trading.volume_missing'],
    [{ Volume: 0, VolumeClosed: 0 }, 'trading.volume_missing'],
    [{ Entry: 2, VolumeClosed: null }, 'trading.closed_volume_missing'],
    [{ Volume: '100000000000', VolumeClosed: null }, undefined], // Ten million lots.
    [{ Volume: '100000000001', VolumeClosed: null }, 'trading.volume_implausible'],
    [{ VolumeExt: '9223372036854775807' }, 'trading.volume_implausible'],
    [{ Price: '0.00' }, 'trading.price_implausible'],
    [{ Price: '-1.1' }, 'trading.price_implausible'],
    [{ Price: '1000000000' }, 'trading.price_implausible'],
    [{ Price: '999999999.5' }, undefined],
    [{ Action: 2, Volume: 0, VolumeClosed: 0, Price: 0 }, undefined],
  ] satisfies [RawDeal, string | undefined][])('is kept but doubted: %j gives %s', (change, doubt) => {
    expect(doubtOf(dealOf(change))).toBe(doubt);
  });

  it('never makes the translation throw, whatever the fields hold', () => {
    const names = [...Object.keys(close), 'VolumeExt', 'VolumeClosedExt', 'TimeMsc', 'Fee', 'Reason', 'ModifyFlags'];
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.bigInt().map(String),
      fc.constant([1]),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (change) => {
        const result = translateDeal({ ...close, ...change });
        if (result.ok) doubtOf(result.value);
        expect(typeof result.ok).toBe('boolean');
      }),
      { seed: 5, numRuns: 2000 },
    );
  });
});

describe('what a deal counts for', () => {
  it('does not earn for a technical reason', () => {
    const eligible = [...Array(21).keys()].filter((Reason) => isEligible(dealOf({ Reason })));
    expect(eligible).toEqual([0, 1, 2, 3, 4, 5, 7, 9, 10, 16, 17, 20]);
    expect(isEligible(dealOf())).toBe(true);
    expect(isEligible(dealOf({ Action: 2 }))).toBe(false);
  });

  it('says who touched the record', () => {
    expect(modifiersOf(dealOf({ ModificationFlags: 0 }).modificationFlags)).toEqual([]);
    expect(modifiersOf(dealOf({ ModifyFlags: '35' }).modificationFlags)).toEqual([
      'administrator',
      'manager',
      'manager_api',
    ]);
    expect(modifiersOf(2 ** 31 + 256)).toEqual(['added_by_server_api', 'bit_31']);
  });
});

describe('the content of a deal', () => {
  it('is the same for numbers, numeric texts, other decimals, another order and null', () => {
    const other: RawDeal = Object.fromEntries(
      Object.entries({ ...close, PricePosition: 1.0844, Time: '1773187200' }).toReversed(),
    );
    expect(contentOf({ ...other, Commission: -6, Storage: '-0.00', Fee: null })).toBe(contentOf(close));
    expect(contentOf({ ...close, ModifyFlags: 2 })).toBe(contentOf({ ...close, ModificationFlags: '2' }));
  });

  it('differs by any field, known or not, and words are words', () => {
    const seen = new Set([contentOf(close)]);
    const changes: RawDeal[] = [
      { Profit: '98.65' },
      { Comment: '1.10' },
      { Comment: '1.1' },
      { Other: '1' },
      { Other: [1] },
      { Other: { a: 1 } },
      { Symbol: 'eurusd' },
    ];
    for (const change of changes) seen.add(contentOf({ ...close, ...change }));
    expect(seen.size).toBe(8);
    expect(contentOf({ a: 'b","c":"d' })).not.toBe(contentOf({ a: 'b', c: 'd' }));
  });

  it('is a SHA-256 in hex of the fields in order', () => {
    // sha256 of {"A":1.1,"Symbol":"X"}
    expect(contentOf({ Symbol: 'X', A: '1.10' })).toBe(
      'b751ee26ba38c86af9fbf2c1514703826030ded55edcba368f55929e53aa510d',
    );
  });
});
