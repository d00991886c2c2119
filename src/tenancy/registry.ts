import type { Logger } from '../platform/logger.ts';
import type { Tenant } from './types.ts';

/** How long the registry's answers are kept; all in milliseconds. */
export type RegistrySettings = {
  /** An answer is used for this long without asking again: a suspension bites when it is over. */
  readonly keptMs: number;
  /** While the control database cannot be reached, an older answer is used up to this age. */
  readonly staleMsMax: number;
  /** How long somebody who has an older answer waits for a newer one. */
  readonly refreshWaitMsMax: number;
  readonly log: Logger;
};

type Kept = { readonly tenant: Tenant | undefined; readonly atMs: number; freshUntilMs: number };

const KEPT_MAX = 10_000;
/** An unknown name is asked for again sooner, so that a new tenant answers soon. */
const UNKNOWN_KEPT_MS_MAX = 1_000;

/**
 * Keeps what was looked up in the control database: one look-up at a time per key, a bounded number of answers (the
 * least recently asked-for go first). If the control database is away for a moment, tenants that are known go on.
 */
export class Registry {
  readonly #kept = new Map<string, Kept>(); // In the order of last use.
  readonly #loading = new Map<string, Promise<Kept>>();
  readonly #settings: RegistrySettings;
  #epoch = 0;

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
  }

  /** The tenant behind a key; undefined if there is none; the look-up's error if that cannot be known now. */
  async find(key: string, load: () => Promise<Tenant | undefined>): Promise<Tenant | undefined> {
    const known = this.#kept.get(key);
    if (known !== undefined) {
      this.#kept.delete(key); // Put back at the end: most recently used.
      this.#kept.set(key, known);
      if (known.freshUntilMs > performance.now()) return known.tenant;
    }
    const loading = this.#loading.get(key) ?? this.#load(key, load);
    if (known?.tenant === undefined || performance.now() - known.atMs > this.#settings.staleMsMax)
      return (await loading).tenant;
    return (await this.#newerOr(known, loading)).tenant;
  }

  /** Forgets all answers, because something was changed here; other processes learn of it when theirs are too old. */
  forget(): void {
    this.#epoch += 1;
    this.#kept.clear();
    this.#loading.clear();
  }

  #load(key: string, load: () => Promise<Tenant | undefined>): Promise<Kept> {
    const epoch = this.#epoch;
    const loading = load()
      .then((tenant) => {
        const atMs = performance.now();
        const keptMs =
          tenant === undefined ? Math.min(UNKNOWN_KEPT_MS_MAX, this.#settings.keptMs) : this.#settings.keptMs;
        const answer: Kept = { tenant, atMs, freshUntilMs: atMs + keptMs };
        if (epoch === this.#epoch) this.#keep(key, answer);
        return answer;
      })
      .finally(() => {
        if (this.#loading.get(key) === loading) this.#loading.delete(key);
      });
    this.#loading.set(key, loading);
    return loading;
  }

  #keep(key: string, answer: Kept): void {
    this.#kept.delete(key);
    // A tenant that is still being made is about to change: it is not kept.
    if (answer.tenant?.status !== 'provisioning') this.#kept.set(key, answer);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The newer answer if it comes soon, else the older one, which then counts as fresh for a moment: nobody else waits. */
  async #newerOr(known: Kept, loading: Promise<Kept>): Promise<Kept> {
    let timer: NodeJS.Timeout | undefined;
    const { refreshWaitMsMax, log } = this.#settings;
    const older = (reason: unknown): Kept => {
      known.freshUntilMs = performance.now() + refreshWaitMsMax;
      log.warn({ err: reason, tenant: known.tenant?.slug }, 'the registry does not answer: an older answer is used');
      return known;
    };
    const late = new Promise<Kept>(
      (resolve) => (timer = setTimeout(() => resolve(older(undefined)), refreshWaitMsMax)),
    );
    try {
      return await Promise.race([loading.catch(older), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
