import { setTimeout as wait } from 'node:timers/promises';
import type { TenantId } from '../../kernel/ids.ts';
import { isProblem } from '../../kernel/problem.ts';
import { chainHead, eventsBetween, type StoredEvent } from '../../platform/events/index.ts';
import type { Logger } from '../../platform/logger.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import type { Connection, EndReason } from './connection.ts';
import { idsNamed, isNarrow, subjectsSeen } from './rules.ts';
import { subjectsOf } from './store.ts';

export type HubDeps = {
  readonly withTenant: WithTenant;
  /** Whether a tenant may be served at this moment: asked afresh, for a suspension must bite at once. */
  readonly isOpen: (tenantId: TenantId) => Promise<boolean>;
  readonly log: Logger;
  readonly pollMs: number;
  readonly recheckMs: number;
  /** Events behind which nobody goes on: he is told to load anew. */
  readonly resumeMax: number;
};

const NAMED_MAX = 50;
const EVENTS_PER_READ = 500;
/** Streams that catch up in one round; the others wait for the next. */
const CATCHING_UP_MAX = 4;
const SEQ_MAX = 2n ** 63n - 1n;
const origin = { actor: 'live', causation: 'stream' };

/**
 * Tells a tenant's events to all who listen in this process, with one look per `pollMs` however many they are. The order of
 * `seq` is that of commits, so one number says up to where everything was told: nothing is left out, nothing told twice.
 */
export class Hub {
  readonly #tenantId: TenantId;
  readonly #deps: HubDeps;
  readonly #listening = new Set<Connection>();
  readonly #onIdle: () => void;
  #position: bigint | undefined;
  #isRunning = false;
  #joining = 0;

  constructor(tenantId: TenantId, deps: HubDeps, onIdle: () => void) {
    this.#tenantId = tenantId;
    this.#deps = deps;
    this.#onIdle = onIdle;
  }

  /** Lets a stream listen from now on, or behind the number that it has seen. */
  async join(connection: Connection, after: bigint | undefined): Promise<void> {
    this.#joining += 1;
    try {
      const head = await this.#deps.withTenant(this.#tenantId, origin, chainHead);
      this.#position ??= head.seq;
      const isPossible = after === undefined || (after <= head.seq && head.seq - after <= BigInt(this.#deps.resumeMax));
      connection.begin(isPossible ? 'ready' : 'reset', isPossible ? (after ?? head.seq) : head.seq);
      this.#listening.add(connection);
    } finally {
      this.#joining -= 1;
    }
    connection.closed.addEventListener('abort', () => this.#listening.delete(connection), { once: true });
    if (connection.closed.aborted) this.#listening.delete(connection);
    if (!this.#isRunning) void this.#run();
  }

  endAll(reason: EndReason): void {
    for (const connection of this.#listening) connection.end(reason);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let lookedMs = -Infinity;
    // Whoever is about to join holds it too: else he would listen where nobody that ends streams looks for him.
    while (this.#listening.size + this.#joining > 0) {
      let more = false;
      try {
        if (performance.now() - lookedMs >= this.#deps.recheckMs) {
          lookedMs = performance.now();
          if (!(await this.#deps.isOpen(this.#tenantId))) this.endAll('suspended');
        }
        if (this.#listening.size > 0)
          more = await this.#deps.withTenant(this.#tenantId, origin, (tx) => this.#round(tx));
      } catch (error) {
        if (isProblem(error, 'tenancy.suspended')) this.endAll('suspended');
        else this.#deps.log.warn({ err: error, tenantId: this.#tenantId }, 'the live stream could not read events');
      }
      if (!more) await wait(this.#deps.pollMs, undefined, { ref: false });
    }
    this.#isRunning = false;
    this.#position = undefined;
    this.#onIdle();
  }

  /** Lets those behind catch up, then tells everybody what is new; true where more waits. */
  async #round(tx: TenantTx): Promise<boolean> {
    const position = this.#position ?? 0n;
    const behind = [...this.#listening].filter((connection) => connection.position < position);
    for (const connection of behind.slice(0, CATCHING_UP_MAX)) {
      const range = { after: connection.position, upTo: position, max: EVENTS_PER_READ };
      const events = await eventsBetween(tx, {}, range);
      await tell(tx, events, [connection]);
      connection.position = events.length < EVENTS_PER_READ ? position : (events.at(-1)?.seq ?? position);
    }
    const fresh = await eventsBetween(tx, {}, { after: position, upTo: SEQ_MAX, max: EVENTS_PER_READ });
    const last = fresh.at(-1)?.seq ?? position;
    const present = [...this.#listening].filter((connection) => connection.position >= position);
    await tell(tx, fresh, present);
    for (const connection of present) if (connection.position < last) connection.position = last;
    this.#position = last;
    return fresh.length === EVENTS_PER_READ || behind.length > 0;
  }
}

/** Tells events to streams, to each what it may see of them and has not seen. */
async function tell(tx: TenantTx, events: readonly StoredEvent[], listening: readonly Connection[]): Promise<void> {
  if (events.length === 0 || listening.length === 0) return;
  const isAsked = listening.some(({ lens }) => isNarrow(lens));
  const subjects = isAsked ? await subjectsOf(tx, events) : new Map<bigint, never[]>();
  for (const event of events) {
    const named = idsNamed(event, NAMED_MAX);
    const note = { seq: event.seq.toString(), type: event.type, recordedAt: event.recordedAt.toISOString() };
    for (const connection of listening) {
      if (connection.position >= event.seq) continue;
      const subjectIds = subjectsSeen(connection.lens, event.type, named, subjects.get(event.seq) ?? []);
      if (subjectIds !== null) connection.tell({ ...note, subjectIds });
    }
  }
}
