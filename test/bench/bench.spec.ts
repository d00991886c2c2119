import { describe, expect, it } from 'vitest';
import { startPostgresForBench, startRedisForBench } from '../../bench/cluster.ts';
import { Deals } from '../../bench/deals.ts';
import { describeMachine } from '../../bench/machine.ts';
import { readOptions } from '../../bench/options.ts';
import { referenceSums } from '../../bench/reference.ts';
import { reportOf } from '../../bench/report.ts';
import { runBench } from '../../bench/run.ts';
import { summarise } from '../../bench/summary.ts';
import { Disagreement, mustAgree } from '../../bench/verify.ts';
import { benchBrokerage, depthsOf } from '../../bench/world.ts';

const SIZES_TINY = {
  trades: 60,
  baselineTrades: 60,
  repeats: 1,
  ibs: 40,
  sizes: [20, 60],
  latencySeconds: 0.2,
  prefillTrades: 20,
};

describe('the benchmark', () => {
  it(
    'finds the same rebates per IB in every arm as the reference has, on every backend, and reports them',
    { timeout: 180_000 },
    async () => {
      const postgres = await startPostgresForBench();
      const redis = await startRedisForBench();
      try {
        const options = { ...readOptions([]), ...SIZES_TINY };
        const result = await runBench({ postgres, redis }, options, () => undefined);
        expect(result.backends.map(({ backend }) => backend)).toEqual(
          redis === undefined ? ['postgres'] : ['redis', 'postgres'],
        );
        for (const { baseline, booking, endToEnd, limit, latency } of result.backends) {
          expect([baseline, booking, endToEnd, limit].map((runs) => runs.map(({ trades }) => trades))).toEqual([
            [60],
            [60],
            [60],
            [60],
          ]);
          expect(latency?.trades).toBeGreaterThan(0);
        }
        expect(result.findings).toEqual([]);
        const { mean, max } = depthsOf(benchBrokerage(40, 1));
        const tree = { ibs: 40, levelsMean: mean, levelsMax: max };
        const summary = summarise(result, {
          machine: describeMachine(),
          postgres,
          redis,
          options,
          tree,
          tookSeconds: 1,
        });
        expect(summary.postgres.settings).toMatchObject({
          fsync: 'on',
          synchronous_commit: 'on',
          full_page_writes: 'on',
        });
        expect(reportOf(summary)).toContain('b/a booking alone, like for like');
      } finally {
        await redis?.stop();
        await postgres.stop();
      }
    },
  );

  it('gives the same tree and deals for the same seed, with 4.2 IBs above a client at every size', () => {
    for (const ibs of [1_000, 10_000]) {
      const { mean, max } = depthsOf(benchBrokerage(ibs, 7));
      expect(mean).toBeCloseTo(4.2, 1);
      expect(max).toBe(6);
    }
    const seed = benchBrokerage(50, 7);
    expect(benchBrokerage(50, 7)).toEqual(seed);
    expect(new Deals(seed, 3).trades(20)).toEqual(new Deals(seed, 3).trades(20));
  });

  it('computes the reference from the seed alone: one lot of currencies pays the differences up the tree, 8.00 in all', () => {
    const seed = benchBrokerage(40, 7);
    const client = seed.clients.findIndex(({ ib, accounts }) => ib === 38 && accounts[0]?.group === 'real\\standard');
    const { units, rebates } = referenceSums(seed, [
      { ticket: 1n, client, symbol: 'EURUSD', volume: 10_000, line: '' },
    ]);
    expect([...units.values()].reduce((sum, each) => sum + each, 0n)).toBe(8_000_000n);
    expect(units.get(`client ${client + 1}`)).toBe(((units.get('ib 39') ?? 0n) * 3n) / 7n);
    expect(rebates).toBe(units.size);
  });

  it('sees a trade that was not booked, and a unit that went to somebody else', () => {
    const seed = benchBrokerage(40, 7);
    const trades = new Deals(seed, 3).trades(30);
    const right = { bookings: 30, ...referenceSums(seed, trades) };
    expect(() => mustAgree('arm', seed, trades, right)).not.toThrow();
    expect(() => mustAgree('arm', seed, trades, { ...right, bookings: 29 })).toThrow(Disagreement);
    const [name = '', units = 0n] = [...right.units][0] ?? [];
    expect(() =>
      mustAgree('arm', seed, trades, { ...right, units: new Map([...right.units, [name, units + 1n]]) }),
    ).toThrow(Disagreement);
  });

  it('reads its arguments and refuses what it does not know', () => {
    expect(readOptions(['--json', '--trades', '800', '--repeats', '2', '--ibs', '30'])).toMatchObject({
      json: true,
      trades: 800,
      baselineTrades: 50,
      repeats: 2,
      ibs: 30,
    });
    expect(() => readOptions(['--trades', '0'])).toThrow(/--trades/);
    expect(() => readOptions(['--nonsense'])).toThrow(/nonsense/);
  });
});
