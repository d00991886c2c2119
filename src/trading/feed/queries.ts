import { z } from 'zod';
import { query } from '../../platform/query.ts';

/**
 * The source and its server, held to the end of the transaction: batches of one server come one after another, so what
 * is found missing below is still missing when it is written. The batch gets its key here.
 */
export const lockSource = query(
  'trading.lock_source',
  z.object({
    sourceKey: z.int(),
    serverKey: z.int(),
    serverName: z.string(),
    zone: z.string(),
    shiftMinutes: z.int(),
    countsOpens: z.boolean(),
    batchKey: z.bigint(),
    /** When the batch is received, by the database's clock: an application's may be wrong. */
    receivedAt: z.date(),
  }),
  `
  select o.key as "sourceKey", s.key as "serverKey", s.name as "serverName", s.zone, s.shift_minutes as "shiftMinutes",
         (select opens from trading.counting) as "countsOpens", nextval('trading.feed_batches_key_seq') as "batchKey", date_trunc('milliseconds', clock_timestamp()) as "receivedAt"
    from trading.sources o
    join trading.servers s on s.key = o.server_key
   where o.id = :sourceId
     for no key update`,
);

/** Batches of the source with this id, or with this nonce at about this time. */
export const batchesLike = query(
  'trading.batches_like',
  z.object({ isSameBatch: z.boolean(), isSameBody: z.boolean(), answer: z.string() }),
  `
  select batch = :batch as "isSameBatch", body_hash = :bodyHash as "isSameBody",
         case when batch = :batch then answer else '' end as answer
    from trading.feed_batches
   where source_key = :sourceKey
     and (batch = :batch or nonce = :nonce and signed_at between :signedFrom::timestamptz and :signedTo::timestamptz)
   order by batch = :batch desc limit 1`,
);

export const insertFeedBatch = query(
  'trading.insert_feed_batch',
  z.object({}),
  `
  insert into trading.feed_batches (key, source_key, batch, nonce, signed_at, body_hash, answer, received_at)
  values (:batchKey, :sourceKey, :batch, :nonce, :signedAt, :bodyHash, :answer, :receivedAt)`,
);

export const insertRejected = query(
  'trading.insert_rejected',
  z.object({}),
  `
  insert into trading.rejected_lines (batch_key, line, seq, code, detail, raw, raw_bytes)
  select :batchKey, line, seq, code, detail, raw, raw_bytes
    from unnest(:lines::integer[], :seqs::bigint[], :codes::text[], :details::text[], :raws::bytea[], :rawBytes::integer[])
      as x (line, seq, code, detail, raw, raw_bytes)`,
);

/** Joins new ranges with those they touch: the one that begins before a new range, and all that begin inside or right behind it. */
export const addSeqs = query(
  'trading.add_seqs',
  z.object({}),
  `
  with fresh as (
    select first_seq, last_seq from unnest(:firsts::bigint[], :lasts::bigint[]) as x (first_seq, last_seq)
  ), touched as (
    delete from trading.feed_seqs s
     using (select distinct t.first_seq
              from fresh f
             cross join lateral (
                   (select k.first_seq from trading.feed_seqs k
                     where k.source_key = :sourceKey and k.first_seq < f.first_seq order by k.first_seq desc limit 1)
                   union all
                   (select k.first_seq from trading.feed_seqs k
                     where k.source_key = :sourceKey and k.first_seq between f.first_seq and f.last_seq + 1)) t) hit
     where s.source_key = :sourceKey and s.first_seq = hit.first_seq
    returning s.first_seq, s.last_seq
  )
  insert into trading.feed_seqs (source_key, first_seq, last_seq)
  select :sourceKey, lower(whole), upper(whole) - 1
    from (select unnest(range_agg(int8range(first_seq, last_seq + 1))) as whole
            from (select first_seq, last_seq from fresh union all select first_seq, last_seq from touched) as both_kinds) as wholes`,
);

const seqs = z.array(z.bigint()).transform((keys) => keys.map(Number)); // Below 2^53 by the form of a line.

/** Where the source stands. Reads the first 101 ranges and the last. */
export const cursorOf = query(
  'trading.cursor_of',
  z.object({
    cursor: z.bigint().transform(Number),
    highest: z.bigint().transform(Number),
    missingFirsts: seqs,
    missingLasts: seqs,
  }),
  `
  with ranges as (
    select first_seq, last_seq, coalesce(lag(last_seq) over (order by first_seq), 0) as before
      from (select first_seq, last_seq from trading.feed_seqs where source_key = :sourceKey order by first_seq limit 101) as head
  ), gaps as (
    select before + 1 as first_seq, first_seq - 1 as last_seq from ranges where first_seq > before + 1 order by first_seq limit 100
  )
  select coalesce((select last_seq from ranges where first_seq = 1), 0) as cursor,
         coalesce((select last_seq from trading.feed_seqs where source_key = :sourceKey order by first_seq desc limit 1), 0) as highest,
         array(select first_seq from gaps order by first_seq) as "missingFirsts",
         array(select last_seq from gaps order by first_seq) as "missingLasts"`,
);

export const sourceKeyOf = query(
  'trading.source_key_of',
  z.object({ sourceKey: z.int() }),
  `
  select key as "sourceKey" from trading.sources where id = :sourceId`,
);
