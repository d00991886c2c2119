import { z } from 'zod';
import { query } from '../../platform/query.ts';

const none = z.object({});

/** The close of a deal as the index by login has it. */
const CLOSE = <const Alias extends string>(alias: Alias) =>
  `coalesce(${alias}.time_utc, to_timestamp(${alias}.server_time_ms::double precision / 1000))` as const;

export const insertSeqs = query(
  'trading.insert_amendment_seqs',
  none,
  `
  insert into trading.amendment_seqs (deal_key, source_key, seq)
  select deal_key, :sourceKey, seq from unnest(:dealKeys::bigint[], :seqs::bigint[]) as x (deal_key, seq)`,
);

/** Updates and deletions that wait, in the order in which they came. */
export const waitingKeys = query(
  'trading.waiting_amendments',
  z.object({ dealKey: z.bigint() }),
  `
  select deal_key as "dealKey" from trading.parked
   where resolved_at is null and code = 'trading.correction_waits' and deal_key > :after
   order by deal_key limit :limit`,
);

/** All versions of the tickets that these updates and deletions are of, with where the addition of each is. */
export const versionsOfWaiting = query(
  'trading.versions_of_waiting',
  z.object({
    serverKey: z.int(),
    ticket: z.bigint(),
    key: z.bigint(),
    version: z.int(),
    kind: z.enum(['add', 'update', 'delete']),
    positionId: z.bigint(),
    raw: z.string(),
    sourceKey: z.int().nullable(),
    seq: z.bigint().nullable(),
    waits: z.boolean(),
    amendedTo: z.bigint().nullable(),
    state: z.enum(['due', 'parked', 'settled', 'handed_on']),
  }),
  `
  select d.server_key as "serverKey", d.ticket, d.key, d.version, d.kind, d.position_id as "positionId", d.raw,
         s.source_key as "sourceKey", s.seq, p.deal_key is not null as waits, a.version_key as "amendedTo",
         case when w.deal_key is not null then 'due' when p.deal_key is not null then 'parked'
              when a.settled is not null then 'settled'
              when a.deal_key is null and (d.handling in ('kept', 'technical', 'group_unpaid')
                or (select resolution from trading.parked h where h.deal_key = d.key order by h.key desc limit 1)
                     in ('kept', 'technical', 'group_unpaid')) then 'settled'
              else 'handed_on' end as state
    from (select distinct server_key, ticket from trading.deals where key = any (:dealKeys::bigint[])) t
    join trading.deals d on d.server_key = t.server_key and d.ticket = t.ticket
    left join trading.amendment_seqs s on s.deal_key = d.key
    left join trading.parked p on p.deal_key = d.key and p.resolved_at is null
    left join trading.due w on w.deal_key = d.key
    left join trading.amended a on a.deal_key = d.key
   order by d.server_key, d.ticket, d.version`,
);

/** Takes deals out of those that are due; one that is being booked right now stays, and is looked at later. */
export const takeDue = query(
  'trading.take_due',
  z.object({ dealKey: z.bigint() }),
  `
  delete from trading.due where ctid = any (array(
    select ctid from trading.due where deal_key = any (:dealKeys::bigint[]) order by deal_key for update skip locked))
  returning deal_key as "dealKey"`,
);

/** Holds parked deals; one that is being looked at again stays. */
export const holdParked = query(
  'trading.hold_parked',
  z.object({ dealKey: z.bigint() }),
  `
  select deal_key as "dealKey" from trading.parked
   where resolved_at is null and deal_key = any (:dealKeys::bigint[]) order by deal_key for update skip locked`,
);

export const writeAmended = query(
  'trading.write_amended',
  none,
  `
  insert into trading.amended (deal_key, version_key, deleted, server_key, position_id, settled)
  select deal_key, v.key, v.kind = 'delete', v.server_key, v.position_id, x.settled
    from unnest(:dealKeys::bigint[], :versionKeys::bigint[], :settled::text[]) as x (deal_key, version_key, settled)
    join trading.deals v on v.key = x.version_key
      on conflict (deal_key) do update set version_key = excluded.version_key, deleted = excluded.deleted,
         position_id = excluded.position_id, settled = excluded.settled, amended_at = now()`,
);

/** All that waits of these deals' tickets is settled: the version in force, and what it outranks. */
export const resolveVersions = query(
  'trading.resolve_versions',
  none,
  `
  update trading.parked p set resolved_at = clock_timestamp(),
         resolution = case when p.deal_key = any (:versionKeys::bigint[]) then 'amended' else 'superseded' end
    from trading.deals d
    join trading.deals v on v.server_key = d.server_key and v.ticket = d.ticket and v.version > 0 and v.kind <> 'add'
   where d.key = any (:dealKeys::bigint[]) and p.deal_key = v.key and p.resolved_at is null`,
);

/** Of waiting amendments those that wait for something else than is written of them. */
export const otherReasons = query(
  'trading.other_reasons',
  z.object({ versionKey: z.bigint(), detail: z.string() }),
  `
  select x.version_key as "versionKey", x.detail
    from unnest(:versionKeys::bigint[], :details::text[]) as x (version_key, detail)
    join trading.parked p on p.deal_key = x.version_key and p.resolved_at is null and p.detail <> x.detail`,
);

export const resolveWaiting = query(
  'trading.resolve_waiting',
  none,
  `
  update trading.parked set resolved_at = clock_timestamp(), resolution = 'other_code'
   where deal_key = any (:versionKeys::bigint[]) and resolved_at is null`,
);

/** Positions that a deal was of before an amendment, and is of by it. */
export const touchPositions = query(
  'trading.touch_positions',
  none,
  `
  insert into trading.touched_positions (server_key, position_id)
  select distinct server_key, position_id from trading.deals
   where key = any (:dealKeys::bigint[]) and position_id > 0 order by server_key, position_id
      on conflict (server_key, position_id) do update set touched_at = clock_timestamp()`,
);

/**
 * Closes of touched positions that were handed on, for positions of which no deal waits to be booked: what is being booked
 * right now may not have seen the change.
 */
export const settledPositions = query(
  'trading.settled_positions',
  z.object({
    serverKey: z.int(),
    positionId: z.bigint(),
    touchedAt: z.string(),
    dealKeys: z.array(z.bigint()).nullable(),
  }),
  `
  select t.server_key as "serverKey", t.position_id as "positionId", t.touched_at::text as "touchedAt", closes.keys as "dealKeys"
    from (select * from trading.touched_positions order by touched_at limit :limit) t
   cross join lateral (
           select array_agg(distinct c.key) as keys
             from (select o.login, min(${CLOSE('o')}) as first_at from trading.deals o
                    where o.server_key = t.server_key and o.position_id = t.position_id and o.version = 0
                      and o.opened_volume > 0 and o.position_id > 0 group by o.login) f
             join trading.deals c on c.login = f.login and c.server_key = t.server_key and c.version = 0 and c.closed_volume > 0
                  and ${CLOSE('c')} >= f.first_at
             left join trading.amended a on a.deal_key = c.key
            where coalesce(a.position_id, c.position_id) = t.position_id) closes
   where not exists (select from trading.due w where w.server_key = t.server_key and w.position_id = t.position_id)`,
);

export const forgetPositions = query(
  'trading.forget_positions',
  none,
  `
  delete from trading.touched_positions t
   using unnest(:serverKeys::smallint[], :positions::bigint[], :touchedAts::timestamptz[]) as x (server_key, position_id, touched_at)
   where t.server_key = x.server_key and t.position_id = x.position_id and t.touched_at = x.touched_at`,
);

export const lateOpensFrom = query(
  'trading.late_opens_from',
  z.object({ seq: z.bigint() }),
  `
  select seq from trading.late_opens for update`,
);

export const moveLateOpens = query('trading.move_late_opens', none, `update trading.late_opens set seq = :seq`);

/** Batches that the feed brought, by their events: these are in the order of commits, which keys are not. */
export const receivedBetween = query(
  'trading.received_between',
  z.object({ batchKey: z.string() }),
  `
  select payload ->> 'batch' as "batchKey" from platform.events
   where seq > :after and seq <= :upTo and type = 'trading.deals_received' order by seq`,
);

export const lastSeq = query(
  'trading.last_seq',
  z.object({ seq: z.bigint() }),
  `
  select coalesce(max(seq), 0) as seq from platform.events`,
);

/** Positions of which a close came before an entry of theirs in these batches. */
export const touchLateOpens = query(
  'trading.touch_late_opens',
  none,
  `
  insert into trading.touched_positions (server_key, position_id)
  select distinct o.server_key, o.position_id
    from unnest(:firstKeys::bigint[], :lastKeys::bigint[]) as b (first_key, last_key)
    join trading.deals o on o.key between b.first_key and b.last_key and o.version = 0 and o.opened_volume > 0 and o.position_id > 0
   where exists (select from trading.deals c
                  where c.login = o.login and c.server_key = o.server_key and c.position_id = o.position_id and c.version = 0
                    and c.closed_volume > 0 and c.key < o.key and ${CLOSE('c')} >= ${CLOSE('o')})
   order by server_key, position_id
      on conflict (server_key, position_id) do update set touched_at = clock_timestamp()`,
);
