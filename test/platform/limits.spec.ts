import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { type Counter, openCounter } from '../../src/platform/limits.ts';
import { startRedis } from '../faults/support/queue-server.ts';
import { testLog } from '../support/tenancy.ts';

const redisIsHere = spawnSync('redis-server', ['--version']).status === 0;

describe('A counter', () => {
  const opened: Counter[] = [];
  const open = (url?: string): Counter => {
    const counter = openCounter(url, 'test', testLog);
    opened.push(counter);
    return counter;
  };
  afterEach(() => {
    for (const counter of opened.splice(0)) counter.close();
  });
  const used = async (counter: Counter, key: string, cost = 1) => (await counter.add('asked', 'few', key, cost)).used;

  it('adds up by key and name, and says when its minute is over', async () => {
    const counter = open();
    expect([await used(counter, 'a'), await used(counter, 'a', 4), await used(counter, 'b')]).toEqual([1, 5, 1]);
    expect((await counter.add('other', 'few', 'a')).used).toBe(1);
    const { resetMs } = await counter.add('asked', 'few', 'a');
    expect(resetMs).toBeGreaterThan(0);
    expect(resetMs).toBeLessThanOrEqual(60_000);
  });

  it('keeps a bounded number of keys that anybody can invent, and still counts each of them', async () => {
    const counter = open();
    const sums = new Set<number>();
    for (let round = 0; round < 3; round += 1) sums.add((await counter.add('asked', 'any', '203.0.113.9')).used);
    expect([...sums]).toEqual([1, 2, 3]);
  });

  it.skipIf(!redisIsHere)(
    'is one for all processes on Redis, and goes on alone while Redis is away',
    { timeout: 30_000 },
    async () => {
      const redis = await startRedis();
      const [one, other] = [open(redis.url), open(redis.url)];
      await expect
        .poll(async () => (await used(one, 'warm')) + (await used(other, 'warm')), { timeout: 10_000 })
        .toBeGreaterThan(4);
      const before = await used(one, 'shared');
      expect(await used(other, 'shared')).toBe(before + 1);
      await redis.stop();
      await expect.poll(() => used(one, 'alone'), { timeout: 10_000 }).toBeGreaterThan(0);
      const startedMs = performance.now();
      await used(one, 'alone');
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    },
  );
});
