import { createHash, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { Logger } from './logger.ts';

/** How much was counted under a key in its present window, and when the next one begins. */
export type Count = { readonly used: number; readonly resetMs: number };

/** What is counted: `few` keys are kept as they are; keys that strangers can invent share a bounded number of places. */
export type CountKind = 'few' | 'any';

/** Counts events by key in windows of a minute. */
export type Counter = {
  /** Adds `cost` under a key and gives the sum. `name` keeps what is counted apart. */
  readonly add: (name: string, kind: CountKind, key: string, cost?: number) => Promise<Count>;
  readonly close: () => void;
};

export const WINDOW_SECONDS = 60;
/** Places that a process keeps for keys that anybody can invent. A flood of addresses fills them and no more memory. */
const PLACES = 65_536;
const REDIS_MS_MAX = 250;
const UNREACHABLE_SUM = 1_000_000_000; // What the library calls points is compared by us: it never refuses.

/**
 * A counter in this process, or on Redis for all processes together. While Redis is away each process counts for itself,
 * and nobody is refused because of it.
 */
export function openCounter(redisUrl: string | undefined, prefix: string, log: Logger): Counter {
  const redis = redisUrl === undefined ? undefined : connect(redisUrl, log);
  const limiters = new Map<string, RateLimiterAbstract>();
  const salt = randomBytes(16);
  const placeOf = (key: string): string => {
    const place = createHash('sha256').update(salt).update(key).digest().readUInt32BE(0) % PLACES;
    return String(place);
  };
  const limiterOf = (name: string): RateLimiterAbstract => {
    const found = limiters.get(name);
    if (found !== undefined) return found;
    const options = { points: UNREACHABLE_SUM, duration: WINDOW_SECONDS, keyPrefix: `${prefix}:limit:${name}` };
    const own = new RateLimiterMemory(options);
    const made =
      redis === undefined
        ? own
        : new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: own, rejectIfRedisNotReady: true });
    limiters.set(name, made);
    return made;
  };
  return {
    add: async (name, kind, key, cost = 1) => {
      const kept = kind === 'any' && redis === undefined ? placeOf(key) : key;
      const { consumedPoints, msBeforeNext } = await limiterOf(name).consume(kept, cost);
      return { used: consumedPoints, resetMs: Math.max(0, msBeforeNext) };
    },
    close: () => redis?.disconnect(),
  };
}

function connect(url: string, log: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: REDIS_MS_MAX,
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(times * 200, 5_000),
  });
  redis.on('error', (error: unknown) => log.warn({ err: error }, 'limits are counted by this process alone'));
  return redis;
}

const IPV6_GROUPS = 8;
const NETWORK_GROUPS = 4;

/** An address as it is counted: an IPv6 address by its /64, because whoever has one has all of them. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, IPV6_GROUPS - before.length - after.length);
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
