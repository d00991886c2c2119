import { describe, expect, it } from 'vitest';
import {
  DealGenerator,
  poisoned,
  randomOf,
  SIMULATED_SYMBOLS,
  type GeneratorOptions,
} from '../../simulators/mt-server/index.ts';
import {
  contentOf,
  doubtOf,
  isEligible,
  isTraded,
  translateDeal,
  utcFromServerTime,
  type Deal,
  type RawDeal,
} from '../../src/trading/index.ts';

const clock = { zone: 'America/New_York', shiftMinutes: 420 };
const options: GeneratorOptions = {
  seed: 42,
  symbols: SIMULATED_SYMBOLS,
  logins: [...Array(10).keys()].map((index) => 900_100n + BigInt(index)),
  clock,
  startUtcMs: Date.parse('2026-03-08T06:50:00Z'), // Ten minutes before the clock of the server goes forward.
};
const nounOf = (raw: RawDeal): Deal => {
  const result = translateDeal(raw);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
};
const raws = [...new DealGenerator(options).deals(5000)];
const deals = raws.map(nounOf);

describe('the simulated MT server', () => {
  it('gives the same deals again for the same seed, and others for another', () => {
    expect([...new DealGenerator(options).deals(5000)]).toEqual(raws);
    expect([...new DealGenerator({ ...options, seed: 43 }).deals(50)]).not.toEqual(raws.slice(0, 50));
  });

  it('gives deals that the feed takes without doubt, with rising tickets, at times that exist and rise', () => {
    expect(deals.map(doubtOf).filter((doubt) => doubt !== undefined)).toEqual([]);
    const instants = deals.map(({ serverTimeMs }) => {
      const instant = utcFromServerTime(clock, serverTimeMs);
      return instant.kind === 'instant' ? instant.utcMs : Number.NaN;
    });
    for (const [index, deal] of deals.entries()) {
      const before = deals[index - 1];
      if (before === undefined) continue;
      expect(deal.ticket > before.ticket && (instants[index] ?? 0) > (instants[index - 1] ?? 0)).toBe(true);
    }
  });

  it('plays all kinds of deals', () => {
    const share = (test: (deal: Deal) => boolean): number => deals.filter(test).length / deals.length;
    expect(share(({ entry }) => entry === 'in')).toBeGreaterThan(0.3);
    expect(share(({ entry }) => entry === 'out')).toBeGreaterThan(0.3);
    expect(share(({ entry }) => entry === 'in_out')).toBeGreaterThan(0.01);
    expect(share((deal) => !isTraded(deal))).toBeGreaterThan(0.002);
    expect(deals.filter(isTraded).every(isEligible)).toBe(true);
  });

  it('keeps books: a position closes what it opened, at the price it was opened, and earns what the prices say', () => {
    const open = new Map<bigint, bigint>();
    let parts = 0;
    for (const deal of deals.filter(isTraded)) {
      const held = open.get(deal.positionId) ?? 0n;
      expect(deal.closedVolume).toBeLessThanOrEqual(held);
      if (deal.closedVolume > 0n && deal.closedVolume < held) parts += 1;
      open.set(deal.positionId, held + deal.openedVolume - deal.closedVolume);
      const side = deal.action === 1 ? 1 : -1;
      const lots = Number(deal.closedVolume) / 1e8;
      const earned =
        (Number(deal.price) - Number(deal.priceOpen)) *
        side *
        Number(deal.contractSize) *
        lots *
        Number(deal.rateProfit);
      expect(Math.abs(earned - Number(deal.profit))).toBeLessThan(0.006);
    }
    expect(parts).toBeGreaterThan(100);
  });

  it('counts trades by the deals that close volume', () => {
    const stream = [...new DealGenerator(options).trades(200)].map(nounOf);
    expect(stream.filter(({ closedVolume }) => closedVolume > 0n)).toHaveLength(200);
    expect(stream.at(-1)?.closedVolume).toBeGreaterThan(0n);
  });

  it('follows a clock that is given from outside, for a live stream', () => {
    const generator = new DealGenerator(options);
    const at = Date.parse('2026-06-01T12:00:00Z');
    const times = [at, at, at + 500, at - 1000].map(
      (utcMs) => nounOf(generator.next(utcMs)).serverTimeMs - 3 * 3_600_000 - at,
    );
    expect(times).toEqual([0, 1, 500, 501]);
  });

  it('poisons the asked share, each of them noticeable, and leaves the others alone', () => {
    const spoilt = [...poisoned(raws, 0.01, randomOf(9))];
    const changed = spoilt.filter((raw, index) => raw !== raws[index]);
    expect(changed.length).toBeGreaterThan(20);
    expect(changed.length).toBeLessThan(100);
    for (const raw of changed) {
      const deal = nounOf(raw);
      const isNoticeable = doubtOf(deal) !== undefined || deal.symbol === 'NOSUCH.x' || deal.login === 999_999_999n;
      expect(isNoticeable).toBe(true);
    }
    expect(new Set(changed.map((raw) => contentOf(raw))).size).toBe(changed.length);
  });
});
