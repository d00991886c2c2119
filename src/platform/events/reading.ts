import { z } from 'zod';
import { pagedQuery, type Page, type PageAsked } from '../paging.ts';
import { realmQuery } from '../query.ts';
import type { RealmTx } from '../tenant-tx.ts';
import type { ChainedEvent, StoredEvent } from './types.ts';

/** Which events are asked for; what is not given does not narrow. */
export type EventFilter = {
  /** Who acted: by itself, through another's eyes, or as the platform inside a tenant. */
  readonly actor?: string | undefined;
  /** The beginning of the type: `ib.` or `ib.moved`. */
  readonly type?: string | undefined;
  readonly stream?: string | undefined;
  /** A request's id, or whatever else caused it. */
  readonly causation?: string | undefined;
  /** From this instant on. */
  readonly from?: Date | undefined;
  /** Before this instant. */
  readonly to?: Date | undefined;
};

const row = z.object({
  seq: z.bigint(),
  stream: z.string(),
  version: z.int(),
  type: z.string(),
  schemaVersion: z.int(),
  payload: z.custom<StoredEvent['payload']>((value) => typeof value === 'object' && value !== null),
  actor: z.string(),
  causation: z.string(),
  recordedAt: z.date(),
  previousHash: z.instanceof(Buffer),
  hash: z.instanceof(Buffer),
});

/**
 * The times bound `seq` as well, found by the index on times: so a page of long ago is as near as one of today. An hour is
 * left on both sides for a clock of the database that was set back meanwhile.
 */
const FILTERED = `
  select e.seq, e.stream, e.version, e.type, e.schema_version as "schemaVersion", e.payload, e.actor, e.causation,
         e.recorded_at as "recordedAt", e.previous_hash as "previousHash", e.hash
    from platform.events e
   where (:actor::text is null or e.actor = :actor or e.actor = 'platform ' || :actor or e.actor like :actorAs::text)
     and (:typePattern::text is null or e.type like :typePattern)
     and (:stream::text is null or e.stream = :stream)
     and (:causation::text is null or e.causation = :causation)
     and (:from::timestamptz is null or (e.recorded_at >= :from and e.seq >= coalesce(
           (select b.seq from platform.events b where b.recorded_at >= :from::timestamptz - interval '1 hour'
             order by b.recorded_at, b.seq limit 1), 9223372036854775807)))
     and (:to::timestamptz is null or (e.recorded_at < :to and e.seq <= coalesce(
           (select b.seq from platform.events b where b.recorded_at < :to::timestamptz + interval '1 hour'
             order by b.recorded_at desc, b.seq desc limit 1), 0)))`;

const pageOfEvents = pagedQuery('platform.events_page', row, FILTERED, {
  sorts: { seq: { column: 'seq', type: 'bigint' } },
  unique: { column: 'seq', schema: z.bigint(), type: 'bigint' },
});

const eventsFrom = realmQuery(
  'platform.events_from',
  row,
  `select * from (${FILTERED}) filtered where filtered.seq > :after and filtered.seq <= :upTo order by filtered.seq limit :max`,
);

const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

const bound = ({ actor, type, stream, causation, from, to }: EventFilter) => ({
  actor,
  actorAs: actor === undefined ? undefined : `${literal(actor)} as %`,
  typePattern: type === undefined ? undefined : `${literal(type)}%`,
  stream,
  causation,
  from,
  to,
});

/** A page of a realm's events, by `seq`, upwards or downwards. */
export const eventsPage = (tx: RealmTx, filter: EventFilter, page: PageAsked<'seq'>): Promise<Page<ChainedEvent>> =>
  pageOfEvents(tx, bound(filter), page);

/** At most `max` events above one number and up to another, upwards. */
export const eventsBetween = (
  tx: RealmTx,
  filter: EventFilter,
  range: { readonly after: bigint; readonly upTo: bigint; readonly max: number },
): Promise<ChainedEvent[]> => eventsFrom(tx, { ...bound(filter), ...range });
