import type { TenantId } from '../../kernel/ids.ts';
import { Problem } from '../../kernel/problem.ts';
import { isUnreachable } from '../database.ts';
import type { Logger } from '../logger.ts';
import type { TenantTx, WithTenant } from '../tenant-tx.ts';
import type { Consumer } from './consumer.ts';
import * as queries from './queries.ts';

/** How consumers are run. */
export type ConsumerSettings = {
  /** Events handled in one transaction at most. */
  readonly batchMax: number;
  /** An event that has failed this often is parked. */
  readonly attemptsMax: number;
  /** The wait after the first failure of an event; it doubles with each further one. */
  readonly backoffMs: number;
};

export const consumerDefaults: ConsumerSettings = { batchMax: 200, attemptsMax: 5, backoffMs: 500 };

type Visit = { readonly withTenant: WithTenant; readonly settings: ConsumerSettings; readonly log: Logger };

/** What one visit of a consumer came to. `again`: more is waiting now; `retryInMs`: a failed event is due then. */
export type Outcome = {
  readonly handled: number;
  readonly parked: number;
  readonly again: boolean;
  readonly retryInMs?: number;
  /** How many events lie behind the position still; unknown where another process has the consumer. */
  readonly lag?: number;
};

const nothing: Outcome = { handled: 0, parked: 0, again: false };

/**
 * Lets a consumer handle a tenant's next events, one batch at most. Handling, the record of it and the new position are
 * one transaction, under the lock of the consumer's row: each event takes effect once, in order, however many processes
 * try. A batch that fails is taken again event by event, so that the one at fault is known; that one is tried again
 * with growing waits and parked after `attemptsMax`, so that it never holds up those behind it for ever.
 * Throws when the tenant's database (or what the consumer writes to) is not reachable: that is no event's fault.
 */
export async function visitConsumer(visit: Visit, tenantId: TenantId, consumer: Consumer): Promise<Outcome> {
  const whole = await handleSome(visit, tenantId, consumer, visit.settings.batchMax);
  if (!('failure' in whole)) return whole;
  if (whole.size === 1) return settleFailure(visit, tenantId, consumer, whole.failure);
  let handled = 0;
  for (let count = 0; count < whole.size; count += 1) {
    const single = await handleSome(visit, tenantId, consumer, 1);
    if ('failure' in single) {
      const settled = await settleFailure(visit, tenantId, consumer, single.failure);
      return { ...settled, handled };
    }
    handled += single.handled;
    if (!single.again) return { ...single, handled };
  }
  return { handled, parked: 0, again: true };
}

const inRelay = <T>(
  visit: Visit,
  tenantId: TenantId,
  consumer: Consumer,
  work: (tx: TenantTx) => Promise<T>,
): Promise<T> => visit.withTenant(tenantId, { actor: 'relay', causation: `consumer:${consumer.name}` }, work);

type Failed = { readonly failure: unknown; readonly size: number };

/** One transaction over at most `max` events. What a consumer throws is given back with the size of the batch it was in. */
async function handleSome(
  visit: Visit,
  tenantId: TenantId,
  consumer: Consumer,
  max: number,
): Promise<Outcome | Failed> {
  let size = 0;
  try {
    return await inRelay(visit, tenantId, consumer, async (tx) => {
      const [state] = await queries.takeConsumer(tx, { name: consumer.name });
      if (state === undefined) return nothing; // Another process is at it.
      if (state.retryInMs > 0) return { ...nothing, retryInMs: state.retryInMs };
      const limit = state.attempts > 0 ? 1 : max; // The next event has failed before: alone, so that only it can fail.
      const events = await queries.eventsAfter(tx, { consumer: consumer.name, position: state.position, max: limit });
      const last = events.at(-1);
      if (last === undefined) return { ...nothing, lag: 0 };
      size = events.length;
      const wanted = events.filter((event) => !event.handled && consumer.wants(event.type));
      if (wanted.length > 0) {
        await consumer.handleAll(
          tx,
          wanted.map(({ handled: _handled, ...event }) => event),
        );
        await queries.insertProcessed(tx, {
          consumer: consumer.name,
          outcome: 'done',
          detail: null,
          seqs: wanted.map((event) => event.seq),
        });
      }
      await queries.moveConsumer(tx, { name: consumer.name, position: last.seq });
      const [head] = await queries.readHead(tx, {});
      const lag = Number((head?.seq ?? last.seq) - last.seq);
      return { handled: wanted.length, parked: 0, again: lag > 0, lag };
    });
  } catch (error) {
    if (size === 0 || isNobodysFault(error)) throw error;
    return { failure: error, size };
  }
}

/** A database or a service away for a while says nothing about the event: it is not counted against it. */
const isNobodysFault = (error: unknown): boolean =>
  isUnreachable(error) || (error instanceof Problem && error.status === 503);

const DETAIL_LENGTH_MAX = 2_000;
const detailOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, DETAIL_LENGTH_MAX);

/** Notes that the event after the position failed again, or parks it. */
function settleFailure(visit: Visit, tenantId: TenantId, consumer: Consumer, error: unknown): Promise<Outcome> {
  const { attemptsMax, backoffMs } = visit.settings;
  const detail = detailOf(error);
  return inRelay(visit, tenantId, consumer, async (tx) => {
    const [state] = await queries.takeConsumer(tx, { name: consumer.name });
    if (state === undefined) return nothing;
    const [event] = await queries.eventsAfter(tx, { consumer: consumer.name, position: state.position, max: 1 });
    if (event === undefined) return nothing; // Another process got over it meanwhile.
    const attempt = state.attempts + 1;
    const about = {
      err: error,
      tenantId,
      consumer: consumer.name,
      seq: event.seq.toString(),
      type: event.type,
      attempt,
    };
    if (attempt < attemptsMax) {
      const delayMs = backoffMs * 2 ** state.attempts;
      await queries.noteFailure(tx, { name: consumer.name, detail, delayMs });
      visit.log.warn(about, 'an event could not be handled and will be tried again');
      return { ...nothing, retryInMs: delayMs };
    }
    await queries.insertProcessed(tx, { consumer: consumer.name, outcome: 'parked', detail, seqs: [event.seq] });
    await queries.moveConsumer(tx, { name: consumer.name, position: event.seq });
    visit.log.error(about, 'an event could not be handled and was parked');
    return { ...nothing, parked: 1, again: true };
  });
}
