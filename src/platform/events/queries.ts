import { z } from 'zod';
import { query } from '../query.ts';

const bytes = z.instanceof(Buffer);

/** The end of the chain. A statement of its own: one that also took the lock would read as of before it had it. */
export const readHead = query('platform.event_head', z.object({ seq: z.bigint(), hash: bytes, now: z.date() }), `
  select seq, hash, date_trunc('milliseconds', clock_timestamp()) as now from platform.event_head`);

export const streamVersions = query('platform.stream_versions', z.object({ stream: z.string(), version: z.int() }), `
  select s.stream, coalesce((select max(e.version) from platform.events e where e.stream = s.stream), 0) as version
    from unnest(:streams::text[]) as s (stream)`);

export const insertEvents = query('platform.insert_events', z.object({}), `
  with fresh as (
    insert into platform.events
      (seq, stream, version, type, schema_version, payload, actor, causation, recorded_at, previous_hash, hash)
    select e.seq, e.stream, e.version, e.type, e.schema_version, e.payload, :actor, :causation, :recordedAt, e.previous_hash, e.hash
      from unnest(:seqs::bigint[], :streams::text[], :versions::integer[], :types::text[], :schemaVersions::smallint[],
                  :payloads::jsonb[], :previousHashes::bytea[], :hashes::bytea[])
        as e (seq, stream, version, type, schema_version, payload, previous_hash, hash)
  )
  update platform.event_head set seq = :lastSeq, hash = :lastHash`);
