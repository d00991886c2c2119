import { z } from 'zod';
import { query, realmQuery } from '../query.ts';
import type { StoredEvent } from './types.ts';

const bytes = z.instanceof(Buffer);

/** One writer at a time, held to the commit: `seq` is the order of commits, and the chain has no fork. */
export const takeEventLock = realmQuery(
  'platform.event_lock',
  z.object({}),
  `select from pg_advisory_xact_lock(7205002)`,
);

/** The end of the chain. A statement of its own: one that also took the lock would read as of before it had it. */
export const readHead = realmQuery(
  'platform.event_head',
  z.object({ seq: z.bigint(), hash: bytes, now: z.date() }),
  `
  select seq, hash, date_trunc('milliseconds', clock_timestamp()) as now from platform.event_head`,
);

export const streamVersions = realmQuery(
  'platform.stream_versions',
  z.object({ stream: z.string(), version: z.int() }),
  `
  select s.stream, coalesce((select max(e.version) from platform.events e where e.stream = s.stream), 0) as version
    from unnest(:streams::text[]) as s (stream)`,
);

export const insertEvents = realmQuery(
  'platform.insert_events',
  z.object({}),
  `
  with fresh as (
    insert into platform.events
      (seq, stream, version, type, schema_version, payload, actor, causation, recorded_at, previous_hash, hash)
    select e.seq, e.stream, e.version, e.type, e.schema_version, e.payload, :actor, :causation, :recordedAt, e.previous_hash, e.hash
      from unnest(:seqs::bigint[], :streams::text[], :versions::integer[], :types::text[], :schemaVersions::smallint[],
                  :payloads::jsonb[], :previousHashes::bytea[], :hashes::bytea[])
        as e (seq, stream, version, type, schema_version, payload, previous_hash, hash)
  )
  update platform.event_head set seq = :lastSeq, hash = :lastHash`,
);

const storedEvent = z.object({
  seq: z.bigint(),
  stream: z.string(),
  version: z.int(),
  type: z.string(),
  schemaVersion: z.int(),
  payload: z.custom<StoredEvent['payload']>((value) => typeof value === 'object' && value !== null),
  actor: z.string(),
  causation: z.string(),
  recordedAt: z.date(),
});

/**
 * The next events of a consumer. `seq > position` loses nothing: seq is given under the lock that is held to the commit
 * (late.ts), so whoever can see event n can see all before it. `handled` guards against a position that was set back.
 */
export const eventsAfter = query(
  'platform.events_after',
  storedEvent.extend({ handled: z.boolean() }),
  `
  select e.seq, e.stream, e.version, e.type, e.schema_version as "schemaVersion", e.payload, e.actor, e.causation,
         e.recorded_at as "recordedAt",
         exists (select from platform.processed p where p.consumer = :consumer and p.seq = e.seq) as handled
    from platform.events e
   where e.seq > :position
   order by e.seq
   limit :max`,
);

export const ensureConsumers = query(
  'platform.ensure_consumers',
  z.object({}),
  `
  insert into platform.consumers (name) select unnest(:names::text[]) on conflict do nothing`,
);

/** Takes a consumer for this transaction; no row where another process has it. */
export const takeConsumer = query(
  'platform.take_consumer',
  z.object({ position: z.bigint(), attempts: z.int(), retryInMs: z.int() }),
  `
  select position, attempts, coalesce(ceil(greatest(0, extract(epoch from retry_at - clock_timestamp()) * 1000)), 0)::integer as "retryInMs"
    from platform.consumers
   where name = :name
     for update skip locked`,
);

export const insertProcessed = query(
  'platform.insert_processed',
  z.object({}),
  `
  insert into platform.processed (consumer, seq, outcome, detail)
  select :consumer, s.seq, :outcome, :detail from unnest(:seqs::bigint[]) as s (seq)`,
);

export const moveConsumer = query(
  'platform.move_consumer',
  z.object({}),
  `
  update platform.consumers set position = :position, attempts = 0, retry_at = null, last_error = null where name = :name`,
);

export const noteFailure = query(
  'platform.note_failure',
  z.object({}),
  `
  update platform.consumers
     set attempts = attempts + 1, last_error = :detail,
         retry_at = clock_timestamp() + make_interval(secs => :delayMs::double precision / 1000)
   where name = :name`,
);

/** What a consumer could not handle, oldest first. */
export const parkedEvents = query(
  'platform.parked_events',
  z.object({ consumer: z.string(), seq: z.bigint(), detail: z.string().nullable(), parkedAt: z.date() }),
  `
  select consumer, seq, detail, processed_at as "parkedAt"
    from platform.processed where outcome = 'parked' order by consumer, seq limit :max`,
);

/** The head of the chain and the last row, as of one instant. */
export const headAndLast = realmQuery(
  'platform.head_and_last',
  z.object({ seq: z.bigint(), hash: bytes, lastSeq: z.bigint(), lastHash: bytes.nullable() }),
  `
  select h.seq, h.hash, coalesce(e.seq, 0) as "lastSeq", e.hash as "lastHash"
    from platform.event_head h
    left join lateral (select seq, hash from platform.events order by seq desc limit 1) e on true`,
);

export const eventsToVerify = realmQuery(
  'platform.events_to_verify',
  storedEvent.extend({ previousHash: bytes, hash: bytes }),
  `
  select seq, stream, version, type, schema_version as "schemaVersion", payload, actor, causation,
         recorded_at as "recordedAt", previous_hash as "previousHash", hash
    from platform.events
   where seq > :after and seq <= :upTo
   order by seq
   limit :max`,
);

export const badStreamVersions = realmQuery(
  'platform.bad_stream_versions',
  z.object({ stream: z.string(), seq: z.bigint(), version: z.int(), expected: z.int() }),
  `
  select distinct on (stream) stream, seq, version, expected
    from (select stream, seq, version, (row_number() over (partition by stream order by seq))::integer as expected
            from platform.events where seq <= :upTo) numbered
   where version <> expected
   order by stream, seq
   limit :max`,
);

export const hashAt = realmQuery(
  'platform.hash_at',
  z.object({ hash: bytes }),
  `select hash from platform.events where seq = :seq`,
);

/** Sums of the whole numbers that recent events carry at a place (`counts.due`), by type; looks at the last 5 000 events at most. */
export const recentSums = query(
  'platform.recent_sums',
  z.object({ type: z.string(), member: z.string(), sum: z.bigint() }),
  `
  select e.type, m.member, sum((e.payload #>> string_to_array(m.member, '.'))::bigint)::bigint as sum
    from (select type, payload, recorded_at from platform.events order by seq desc limit 5000) e
   cross join unnest(:members::text[]) as m (member)
   where e.recorded_at > now() - make_interval(secs => :seconds) and jsonb_typeof(e.payload #> string_to_array(m.member, '.')) = 'number'
   group by e.type, m.member`,
);
