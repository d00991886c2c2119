import { setTimeout as wait } from 'node:timers/promises';
import { Bridge, DealGenerator, SIMULATED_SYMBOLS } from '../../simulators/mt-server/index.ts';
import type { Logger } from '../platform/logger.ts';
import type { TenantClient } from '../platform/tenant-client.ts';
import type { RawDeal } from '../trading/index.ts';
import type { DemoBroker } from './demo-tenants.ts';
import type { Role } from './roles.ts';

/** The mean pause between two deals of a simulated server. */
const PAUSE_MS = 400;
/** What a server did in the minutes before the start comes at once, as from a bridge that catches up. */
const CATCH_UP = { deals: 150, gapMsMean: 5_000 };

/**
 * Lets a simulated trade server per demo tenant deal as long as the process runs, and push each deal to the tenant's feed as
 * a bridge would: signed, over HTTP, tried again when the feed is away.
 */
export function startLiveDeals(
  brokers: readonly DemoBroker[],
  { client, port, baseHost, log }: { client: TenantClient; port: number; baseHost: string; log: Logger },
): Role {
  const stopping = new AbortController();
  const streams = brokers.map((broker) =>
    stream(broker, `http://${broker.slug}.${baseHost}:${port}`, client, stopping.signal, log),
  );
  return {
    name: 'live deals',
    stop: async () => {
      stopping.abort();
      await Promise.all(streams);
      await client.close();
    },
  };
}

async function stream(
  { seed, source }: DemoBroker,
  origin: string,
  client: TenantClient,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  const startMs = Date.now();
  const generator = new DealGenerator({
    seed: startMs % 2 ** 31,
    symbols: SIMULATED_SYMBOLS,
    logins: seed.clients.flatMap(({ accounts }) => accounts.map(({ login }) => login)),
    clock: seed.server,
    startUtcMs: startMs - CATCH_UP.deals * CATCH_UP.gapMsMean,
    gapMsMean: CATCH_UP.gapMsMean,
    firstTicket: BigInt(startMs) * 1_000n, // Above those of every earlier start.
  });
  const bridge = new Bridge({ client, origin, sourceId: source.id, secret: source.secret, signal });
  const past = [...generator.deals(CATCH_UP.deals)];
  while (!signal.aborted) {
    try {
      await bridge.run(past);
      past.length = 0; // Only now: what did not arrive is sent again.
      await bridge.run(deals(generator, signal), { batchLinesMax: 1 });
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error, origin }, 'the simulated server could not reach its feed; it goes on dealing');
    }
  }
}

async function* deals(generator: DealGenerator, signal: AbortSignal): AsyncGenerator<RawDeal> {
  while (!signal.aborted) {
    await wait(Math.round(PAUSE_MS * (0.5 + Math.random())), undefined, { signal });
    yield generator.next(Date.now());
  }
}
