import type { TenantId } from '../../kernel/ids.ts';
import type { Logger } from '../logger.ts';
import type { WithControl } from '../tenant-tx.ts';
import { hint } from './outside.ts';
import type { HintAudience } from './types.ts';

/** A burst of commits leaves one hint per tenant in this time, not one each: a hint costs a commit of its own. */
const GATHER_MS = 100;

/** Collects hints after commits, and leaves them together a moment later. One that cannot be left is lost, and logged. */
export class HintBuffer {
  readonly #withControl: WithControl;
  readonly #log: Logger;
  readonly #waiting = new Map<HintAudience, Set<TenantId>>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(withControl: WithControl, log: Logger) {
    this.#withControl = withControl;
    this.#log = log;
  }

  /** Says that a tenant has work for an audience. */
  add(tenantId: TenantId, audience: HintAudience): void {
    const waiting = this.#waiting.get(audience);
    if (waiting === undefined) this.#waiting.set(audience, new Set([tenantId]));
    else waiting.add(tenantId);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  /** Leaves what waits. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    this.#timer = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    this.#writing = this.#writing.then(async () => {
      for (const [audience, tenantIds] of waiting)
        await hint(this.#withControl, [...tenantIds], audience).catch((error: unknown) =>
          this.#log.warn(
            { err: error, audience, tenants: tenantIds.size },
            'hints at tenants with work could not be left',
          ),
        );
    });
  }
}
