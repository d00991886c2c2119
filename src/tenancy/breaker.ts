import type { TenantId } from '../kernel/ids.ts';

/**
 * Remembers for a moment which tenants' databases could not be reached, so that a worker or a request does not wait
 * for the same time-out again and again while others have work that could be done.
 */
export class Breaker {
  readonly #openUntilMs = new Map<TenantId, number>();
  readonly #keptMs: number;

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  /** Whether the tenant's database was found unreachable a moment ago. */
  isOpen(tenantId: TenantId): boolean {
    const untilMs = this.#openUntilMs.get(tenantId);
    if (untilMs === undefined) return false;
    if (untilMs > performance.now()) return true;
    this.#openUntilMs.delete(tenantId); // The next caller tries again.
    return false;
  }

  unreachable(tenantId: TenantId): void {
    this.#openUntilMs.set(tenantId, performance.now() + this.#keptMs);
  }

  reached(tenantId: TenantId): void {
    this.#openUntilMs.delete(tenantId);
  }
}
