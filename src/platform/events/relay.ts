import type { TenantId } from '../../kernel/ids.ts';
import type { Logger } from '../logger.ts';
import type { WithTenant } from '../tenant-tx.ts';
import { Agenda } from './agenda.ts';
import type { Consumer } from './consumer.ts';
import { takeHints, type WithControl } from './outside.ts';
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
  const running = new RunningRelay(deps);
  running.start();
  return {
    nudge: (tenantId) => running.nudge(tenantId),
    stats: () => running.stats(),
    settled: () => running.settled(),
    stop: () => running.stop(),
  };
}

class RunningRelay {
  readonly #deps: RelayDeps;
  readonly #settings: RelaySettings;
  readonly #agenda = new Agenda();
  readonly #introduced = new Set<TenantId>(); // Tenants whose database has a row for each consumer.
  readonly #lag = new Map<TenantId, number>();
  readonly #failing = new Map<TenantId, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #comingBack = new Map<TenantId, { timer: NodeJS.Timeout; dueMs: number }>();
  #rounds = 0; // Fetches of hints and of the tenants' list that are under way.
  #onSettled: (() => void)[] = [];
  #handled = 0;
  #parked = 0;
  #stopped = false;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
    this.#settings = { ...relayDefaults, ...deps.settings };
  }

  start(): void {
    this.#every(this.#settings.sweepMs, async () => {
      const tenantIds = await this.#deps.tenantIds();
      for (const tenantId of tenantIds) this.#agenda.add(tenantId, 'regular');
    });
    this.#every(this.#settings.hintPollMs, async () => {
      const hinted = await takeHints(this.#deps.withControl, 'relay', this.#settings.hintsMax);
      for (const tenantId of hinted) this.#agenda.add(tenantId, 'hinted');
    });
  }

  nudge(tenantId: TenantId): void {
    if (this.#stopped) return;
    this.#agenda.add(tenantId, 'hinted');
    this.#pump();
  }

  stats(): RelayStats {
    return {
      waiting: this.#agenda.waiting,
      active: this.#agenda.active,
      handled: this.#handled,
      parked: this.#parked,
      failingTenants: this.#failing.size,
      lagEventsMax: Math.max(0, ...this.#lag.values()),
    };
  }

  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled.push(resolve);
      this.#tellSettled();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.settled();
  }

  #tellSettled(): void {
    if (this.#agenda.active > 0 || this.#rounds > 0 || (this.#agenda.waiting > 0 && !this.#stopped)) return;
    const waiting = this.#onSettled;
    this.#onSettled = [];
    for (const resolve of waiting) resolve();
  }

  #after(delayMs: number, work: () => void): NodeJS.Timeout | undefined {
    if (this.#stopped) return undefined;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, delayMs);
    this.#timers.add(timer);
    return timer;
  }

  /** Does something now and again `periodMs` after it ended; a failure is logged and the next time comes all the same. */
  #every(periodMs: number, work: () => Promise<void>): void {
    this.#rounds += 1;
    const round = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'the relay could not ask the control database');
      } finally {
        this.#rounds -= 1;
      }
      this.#after(periodMs, () => this.#every(periodMs, work));
      this.#pump();
    };
    void round();
  }

  #pump(): void {
    while (!this.#stopped && this.#agenda.active < this.#settings.concurrency) {
      const tenantId = this.#agenda.next();
      if (tenantId === undefined) break;
      void this.#visit(tenantId);
    }
    this.#tellSettled();
  }

  async #visit(tenantId: TenantId): Promise<void> {
    let more = false;
    try {
      more = await this.#visitConsumers(tenantId);
      this.#failing.delete(tenantId);
    } catch (error) {
      const failures = (this.#failing.get(tenantId) ?? 0) + 1;
      this.#failing.set(tenantId, failures);
      this.#deps.log.warn({ err: error, tenantId, failures }, 'a tenant could not be visited by the relay');
      const { backoffMs, sweepMs } = this.#settings;
      this.#visitLater(tenantId, Math.min(sweepMs, backoffMs * 2 ** Math.min(failures, 10)));
    } finally {
      this.#agenda.done(tenantId, more);
    }
    this.#pump();
  }

  /** Comes back to a tenant after a while; of several such wishes only the earliest is kept. */
  #visitLater(tenantId: TenantId, delayMs: number): void {
    const dueMs = performance.now() + delayMs;
    const planned = this.#comingBack.get(tenantId);
    if (planned !== undefined) {
      if (planned.dueMs <= dueMs) return;
      clearTimeout(planned.timer);
      this.#timers.delete(planned.timer);
    }
    const timer = this.#after(delayMs, () => {
      this.#comingBack.delete(tenantId);
      this.nudge(tenantId);
    });
    if (timer !== undefined) this.#comingBack.set(tenantId, { timer, dueMs });
  }

  /** One batch for each consumer; whether any has more to do now. */
  async #visitConsumers(tenantId: TenantId): Promise<boolean> {
    const { withTenant, consumers, log } = this.#deps;
    if (!this.#introduced.has(tenantId)) {
      const names = consumers.map((consumer) => consumer.name);
      await withTenant(tenantId, { actor: 'relay', causation: 'start' }, (tx) =>
        queries.ensureConsumers(tx, { names }),
      );
      this.#introduced.add(tenantId);
    }
    let more = false;
    let lag = 0;
    let retryInMs = Infinity;
    for (const consumer of consumers) {
      const outcome = await visitConsumer({ withTenant, settings: this.#settings, log }, tenantId, consumer);
      this.#handled += outcome.handled;
      this.#parked += outcome.parked;
      more ||= outcome.again;
      lag = Math.max(lag, outcome.lag ?? 0);
      retryInMs = Math.min(retryInMs, outcome.retryInMs ?? Infinity);
    }
    this.#lag.set(tenantId, lag);
    if (retryInMs < Infinity) this.#visitLater(tenantId, retryInMs);
    return more;
  }
}
