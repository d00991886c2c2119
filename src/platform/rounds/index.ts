import type { TenantId } from '../../kernel/ids.ts';
import type { Logger } from '../logger.ts';
import { Agenda } from './agenda.ts';

/** How often and how wide tenants are visited; times in milliseconds. */
export type RoundSettings = {
  /** Every tenant is visited at least this often, hinted or not. */
  readonly sweepMs: number;
  /** How often hints are fetched. */
  readonly hintPollMs: number;
  /** Tenants visited at the same time, over all: the budget of connections. */
  readonly concurrency: number;
  /** The wait after the first failed visit of a tenant; it doubles with each further one, up to `sweepMs`. */
  readonly backoffMs: number;
};

/** What a visit came to. `again`: more can be done now; `laterMs`: more is to be done after this time. */
export type VisitOutcome = { readonly again: boolean; readonly laterMs?: number };

/** What rounds are made of. */
export type RoundDeps<Key extends string = TenantId> = {
  /** What the visitor is called in the log. */
  readonly name: string;
  readonly tenantIds: () => Promise<readonly Key[]>;
  readonly takeHints: () => Promise<readonly Key[]>;
  readonly visit: (tenantId: Key) => Promise<VisitOutcome>;
  readonly settings: RoundSettings;
  readonly log: Logger;
};

/** How the rounds stand. */
export type RoundStats = { readonly waiting: number; readonly active: number; readonly failingTenants: number };

/**
 * Visits tenants over and over: those with a hint at once, every one at least each `sweepMs`, never more at a time than the
 * budget allows, and a tenant that cannot be reached ever more seldom, so that it holds up nobody else.
 */
export class Rounds<Key extends string = TenantId> {
  readonly #deps: RoundDeps<Key>;
  readonly #agenda = new Agenda<Key>();
  readonly #failing = new Map<Key, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #comingBack = new Map<Key, { readonly timer: NodeJS.Timeout; readonly dueMs: number }>();
  #fetches = 0; // Fetches of hints and of the tenants' list that are under way.
  #onSettled: (() => void)[] = [];
  #stopped = false;

  constructor(deps: RoundDeps<Key>) {
    this.#deps = deps;
    this.#every(deps.settings.sweepMs, async () => {
      for (const tenantId of await deps.tenantIds()) this.#agenda.add(tenantId, 'regular');
    });
    this.#every(deps.settings.hintPollMs, async () => {
      for (const tenantId of await deps.takeHints()) this.#agenda.add(tenantId, 'hinted');
    });
  }

  /** Visits a tenant at once: for commits made in this same process. */
  nudge(tenantId: Key): void {
    if (this.#stopped) return;
    this.#agenda.add(tenantId, 'hinted');
    this.#pump();
  }

  stats(): RoundStats {
    return { waiting: this.#agenda.waiting, active: this.#agenda.active, failingTenants: this.#failing.size };
  }

  /** Resolves as soon as nothing waits and nobody is visited; visits put off to later do not count. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled.push(resolve);
      this.#tellSettled();
    });
  }

  /** Ends after the visits that are under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.settled();
  }

  #tellSettled(): void {
    if (this.#agenda.active > 0 || this.#fetches > 0 || (this.#agenda.waiting > 0 && !this.#stopped)) return;
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

  /** Comes back to a tenant after a while; of several such wishes only the earliest is kept. */
  #visitLater(tenantId: Key, delayMs: number): void {
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

  /** Does something now and again `periodMs` after it ended; a failure is logged and the next time comes all the same. */
  #every(periodMs: number, work: () => Promise<void>): void {
    this.#fetches += 1;
    const round = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        this.#deps.log.warn({ err: error }, `the ${this.#deps.name} could not ask the control database`);
      } finally {
        this.#fetches -= 1;
      }
      this.#after(periodMs, () => this.#every(periodMs, work));
      this.#pump();
    };
    void round();
  }

  #pump(): void {
    while (!this.#stopped && this.#agenda.active < this.#deps.settings.concurrency) {
      const tenantId = this.#agenda.next();
      if (tenantId === undefined) break;
      void this.#visit(tenantId);
    }
    this.#tellSettled();
  }

  async #visit(tenantId: Key): Promise<void> {
    const { name, visit, settings, log } = this.#deps;
    let again = false;
    try {
      const outcome = await visit(tenantId);
      again = outcome.again;
      this.#failing.delete(tenantId);
      if (outcome.laterMs !== undefined) this.#visitLater(tenantId, outcome.laterMs);
    } catch (error) {
      const failures = (this.#failing.get(tenantId) ?? 0) + 1;
      this.#failing.set(tenantId, failures);
      log.warn({ err: error, tenantId, failures }, `a tenant could not be visited by the ${name}`);
      this.#visitLater(tenantId, Math.min(settings.sweepMs, settings.backoffMs * 2 ** Math.min(failures, 10)));
    } finally {
      this.#agenda.done(tenantId, again);
    }
    this.#pump();
  }
}
