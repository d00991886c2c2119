import type { TenantId } from '../../kernel/ids.ts';

/**
 * Which tenant, or whatever else has a name, is visited next. Hinted ones and those whose turn it is anyway wait in two
 * lines that are served alternately, first come first served, so neither line can hold up the other. A tenant stands in a
 * line once, and is never visited twice at the same time: what arrives during its visit brings it back afterwards.
 */
export class Agenda<Key extends string = TenantId> {
  readonly #hinted = new Set<Key>();
  readonly #regular = new Set<Key>();
  readonly #active = new Map<Key, { again: boolean }>();
  #hintedLast = false;

  /** Puts a tenant at the end of a line. */
  add(tenantId: Key, line: 'hinted' | 'regular'): void {
    const visit = this.#active.get(tenantId);
    if (visit !== undefined) visit.again = true;
    else if (line === 'hinted') this.#hinted.add(tenantId);
    else this.#regular.add(tenantId);
  }

  /** Takes the next tenant; `done` ends its visit. */
  next(): Key | undefined {
    const [first, second] = this.#hintedLast ? [this.#regular, this.#hinted] : [this.#hinted, this.#regular];
    const line = first.size > 0 ? first : second;
    const [tenantId] = line;
    if (tenantId === undefined) return undefined;
    this.#hintedLast = line === this.#hinted;
    this.#hinted.delete(tenantId); // One visit serves both lines.
    this.#regular.delete(tenantId);
    this.#active.set(tenantId, { again: false });
    return tenantId;
  }

  /** Ends a visit; `more` says that the tenant has further work, so it queues up again behind the others. */
  done(tenantId: Key, more: boolean): void {
    const visit = this.#active.get(tenantId);
    this.#active.delete(tenantId);
    if (more || visit?.again === true) this.add(tenantId, 'hinted');
  }

  get waiting(): number {
    return new Set([...this.#hinted, ...this.#regular]).size;
  }

  get active(): number {
    return this.#active.size;
  }
}
