import type { TenantId } from '../src/kernel/ids.ts';
import type { TenantTx, WithTenant } from '../src/platform/tenant-tx.ts';

/** A booking transaction that committed: its batch, how many trades it booked, and when the commit was answered. */
export type Commit = { readonly batch: bigint; readonly trades: number; readonly atMs: number };

type Waiter = { readonly tenantId: TenantId; readonly trades: number; readonly done: () => void };

/** Sees the commits of booking transactions as they happen, by the event that each of them writes. */
export class Commits {
  readonly #seen = new Map<TenantId, Commit[]>();
  #waiters: Waiter[] = [];

  /** The same transactions, watched. Costs a look at what is collected, nothing in the database. */
  watched(withTenant: WithTenant): WithTenant {
    return async (tenantId, origin, work) => {
      let booked: Omit<Commit, 'atMs'> | undefined;
      const result = await withTenant(tenantId, origin, async (tx) => {
        const done = await work(tx);
        booked = batchIn(tx);
        return done;
      });
      if (booked !== undefined) this.#note(tenantId, { ...booked, atMs: performance.now() });
      return result;
    };
  }

  /** Forgets a tenant's commits: what follows counts from here. */
  reset(tenantId: TenantId): void {
    this.#seen.set(tenantId, []);
  }

  of(tenantId: TenantId): readonly Commit[] {
    return this.#seen.get(tenantId) ?? [];
  }

  /** Resolves when so many trades were booked since `reset`; rejects when that takes longer than `timeoutMs`. */
  until(tenantId: TenantId, trades: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiters = this.#waiters.filter((each) => each !== waiter);
        reject(new Error(`booked ${this.#booked(tenantId)} of ${trades} trades within ${timeoutMs} ms`));
      }, timeoutMs);
      const waiter: Waiter = { tenantId, trades, done: () => (clearTimeout(late), resolve()) };
      this.#waiters.push(waiter);
      this.#wake();
    });
  }

  #note(tenantId: TenantId, commit: Commit): void {
    const commits = this.#seen.get(tenantId);
    if (commits === undefined) this.#seen.set(tenantId, [commit]);
    else commits.push(commit);
    this.#wake();
  }

  #wake(): void {
    const ready = this.#waiters.filter(({ tenantId, trades }) => this.#booked(tenantId) >= trades);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter((each) => !ready.includes(each));
    for (const { done } of ready) done();
  }

  #booked = (tenantId: TenantId): number => this.of(tenantId).reduce((sum, { trades }) => sum + trades, 0);
}

/** What a booking transaction is about to tell in its event; undefined for any other transaction. */
function batchIn(tx: TenantTx): Omit<Commit, 'atMs'> | undefined {
  for (const items of tx.late.values())
    for (const item of items) {
      if (typeof item !== 'object' || item === null || !('type' in item) || item.type !== 'commissions.batch_booked')
        continue;
      const { payload } = item as { payload?: { batch?: unknown; claimed?: unknown } };
      if (typeof payload?.batch === 'string' && typeof payload.claimed === 'number')
        return { batch: BigInt(payload.batch), trades: payload.claimed };
    }
  return undefined;
}
