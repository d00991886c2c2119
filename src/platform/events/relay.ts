import type { TenantId } from '../../kernel/ids.ts';
import type { Logger } from '../logger.ts';
import type { WithControl, WithTenant } from '../tenant-tx.ts';
import { Rounds, type VisitOutcome } from '../rounds/index.ts';
import type { Consumer } from './consumer.ts';
import { takeHints } from './outside.ts';
import * as queries from './queries.ts';
import { type ConsumerSettings, consumerDefaults, visitConsumer } from './visit.ts';

/** How often and how wide the relay works; times in milliseconds. */
export type RelaySettings = ConsumerSettings & {
  /** Every tenant is visited at least this often, hinted or not. */
  readonly sweepMs: number;
  /** How often hints are fetched. */
  readonly hintPollMs: number;
  readonly hintsMax: number;
  /** Tenants visited at the same time, over all: the budget of connections. */
  readonly concurrency: number;
};

const relayDefaults: RelaySettings = {
  ...consumerDefaults,
  sweepMs: 60_000,
  hintPollMs: 250,
  hintsMax: 500,
  concurrency: 4,
};

/** What the relay is made of; tenancy and main hand it down. `tenantIds` gives those that may be visited. */
export type RelayDeps = {
  readonly withTenant: WithTenant;
  readonly withControl: WithControl;
  readonly tenantIds: () => Promise<readonly TenantId[]>;
  readonly consumers: readonly Consumer[];
  readonly log: Logger;
  readonly settings?: Partial<RelaySettings>;
};

/** What the relay is doing. `lagEventsMax` is that of the tenant furthest behind, as of its last visit. */
export type RelayStats = {
  readonly waiting: number;
  readonly active: number;
  readonly handled: number;
  readonly parked: number;
  readonly failingTenants: number;
  readonly lagEventsMax: number;
};

export type Relay = {
  /** Visits a tenant at once: for commits made in this same process. */
  readonly nudge: (tenantId: TenantId) => void;
  readonly stats: () => RelayStats;
  /** Resolves as soon as nothing waits and nobody is visited (events that wait to be tried again do not count). */
  readonly settled: () => Promise<void>;
  /** Ends after the visits that are under way. */
  readonly stop: () => Promise<void>;
};

/** Starts to hand every tenant's events to the consumers. Several processes may run relays at once. */
export function runRelay(deps: RelayDeps): Relay {
  const settings = { ...relayDefaults, ...deps.settings };
  const visitor = new ConsumerVisits(deps, settings);
  const rounds = new Rounds({
    name: 'relay',
    tenantIds: deps.tenantIds,
    takeHints: () => takeHints(deps.withControl, 'relay', settings.hintsMax),
    visit: (tenantId) => visitor.visit(tenantId),
    settings,
    log: deps.log,
  });
  return {
    nudge: (tenantId) => rounds.nudge(tenantId),
    stats: () => ({ ...rounds.stats(), ...visitor.stats() }),
    settled: () => rounds.settled(),
    stop: () => rounds.stop(),
  };
}

/** Visits a tenant for all consumers, and counts what came of it. */
class ConsumerVisits {
  readonly #deps: RelayDeps;
  readonly #settings: RelaySettings;
  readonly #introduced = new Set<TenantId>(); // Tenants whose database has a row for each consumer.
  readonly #lag = new Map<TenantId, number>();
  #handled = 0;
  #parked = 0;

  constructor(deps: RelayDeps, settings: RelaySettings) {
    this.#deps = deps;
    this.#settings = settings;
  }

  stats(): Pick<RelayStats, 'handled' | 'parked' | 'lagEventsMax'> {
    return { handled: this.#handled, parked: this.#parked, lagEventsMax: Math.max(0, ...this.#lag.values()) };
  }

  /** One batch for each consumer. */
  async visit(tenantId: TenantId): Promise<VisitOutcome> {
    const { withTenant, consumers, log } = this.#deps;
    await this.#introduce(tenantId);
    let again = false;
    let lag = 0;
    let retryInMs = Infinity;
    for (const consumer of consumers) {
      const outcome = await visitConsumer({ withTenant, settings: this.#settings, log }, tenantId, consumer);
      this.#handled += outcome.handled;
      this.#parked += outcome.parked;
      again ||= outcome.again;
      lag = Math.max(lag, outcome.lag ?? 0);
      retryInMs = Math.min(retryInMs, outcome.retryInMs ?? Infinity);
    }
    this.#lag.set(tenantId, lag);
    return retryInMs < Infinity ? { again, laterMs: retryInMs } : { again };
  }

  async #introduce(tenantId: TenantId): Promise<void> {
    if (this.#introduced.has(tenantId)) return;
    const names = this.#deps.consumers.map((consumer) => consumer.name);
    await this.#deps.withTenant(tenantId, { actor: 'relay', causation: 'start' }, (tx) =>
      queries.ensureConsumers(tx, { names }),
    );
    this.#introduced.add(tenantId);
  }
}
