import { createHash, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
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

type Limiters = { readonly own: RateLimiterMemory; readonly shared: RateLimiterRedis | undefined };

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
  const limiters = new Map<string, Limiters>();
  const salt = randomBytes(16);
  const placeOf = (key: string): string => {
    const place = createHash('sha256').update(salt).update(key).digest().readUInt32BE(0) % PLACES;
    return String(place);
  };
  const limiterOf = (name: string): Limiters => {
    const found = limiters.get(name);
    if (found !== undefined) return found;
    const options = { points: UNREACHABLE_SUM, duration: WINDOW_SECONDS, keyPrefix: `${prefix}:limit:${name}` };
    const own = new RateLimiterMemory(options);
    const shared =
      redis === undefined
        ? undefined
        : new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true });
    const made = { own, shared };
    limiters.set(name, made);
    return made;
  };
  return {
    add: async (name, kind, key, cost = 1) => {
      const { own, shared } = limiterOf(name);
      // Alone, whether always or while Redis is away, a process keeps a bounded number of places; Redis forgets by itself.
      const countAlone = () => own.consume(kind === 'any' ? placeOf(key) : key, cost);
      const { consumedPoints, msBeforeNext } = await (shared?.consume(key, cost).catch(countAlone) ?? countAlone());
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
