import type { TenantId } from '../../kernel/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import type { WithControl } from '../../platform/tenant-tx.ts';
import { addUsage } from './queries.ts';

/** What is counted of a tenant. */
export type Counted = 'requests' | 'trades';
type Counts = Record<Counted, number>;

/** While the control database is away, so many tenants' counts are kept; more are dropped, and logged. */
const TENANTS_MAX = 20_000;

/**
 * Counts what tenants use, in memory, and adds it to the control database's figures of the day every `periodMs`: several
 * processes add up, and one that is killed loses its last period at most. What could not be written is written next time.
 */
export class UsageMeter {
  readonly #withControl: WithControl;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #counts = new Map<TenantId, Counts>();
  #writing: Promise<void> = Promise.resolve();

  constructor({ withControl, periodMs, log }: { withControl: WithControl; periodMs: number; log: Logger }) {
    this.#withControl = withControl;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), periodMs);
    this.#timer.unref();
  }

  /** Counts something of a tenant. */
  add(tenantId: TenantId, what: Counted, count = 1): void {
    const counts = this.#counts.get(tenantId);
    if (counts !== undefined) counts[what] += count;
    else if (this.#counts.size < TENANTS_MAX) this.#counts.set(tenantId, { requests: 0, trades: 0, [what]: count });
    else this.#log.warn({ tenantId, what, count }, 'usage is dropped: too many tenants wait to be written');
  }

  /** Writes what was counted; never fails. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Writes the rest. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(): Promise<void> {
    if (this.#counts.size === 0) return;
    const counts = [...this.#counts];
    this.#counts = new Map();
    try {
      await this.#withControl((tx) =>
        addUsage(tx, {
          tenantIds: counts.map(([tenantId]) => tenantId),
          requests: counts.map(([, { requests }]) => requests),
          trades: counts.map(([, { trades }]) => trades),
        }),
      );
    } catch (error) {
      this.#log.warn(
        { err: error, tenants: counts.length },
        'usage could not be written; it is kept for the next time',
      );
      for (const [tenantId, { requests, trades }] of counts) {
        this.add(tenantId, 'requests', requests);
        this.add(tenantId, 'trades', trades);
      }
    }
  }
}
