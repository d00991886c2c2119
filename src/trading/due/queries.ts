import { z } from 'zod';
import { DealId } from '../../kernel/ids.ts';
import { query } from '../../platform/query.ts';

const claimed = z.object({
  dealKey: z.bigint(),
  ticket: z.bigint(),
  serverKey: z.int(),
  accountKey: z.int(),
  clientKey: z.int(),
  symbolKey: z.int(),
  groupKey: z.int(),
  closedVolume: z.bigint(),
  closedAtMs: z.bigint(),
  hasMs: z.boolean(),
  reason: z.bigint().nullable(),
  positionId: z.bigint(),
  factsKey: z.bigint(),
});

/** Rows are found and deleted by their place on disk, so that the index is read once; whoever else claims passes them over. */
export const claimOldest = query(
  'trading.claim_oldest',
  claimed,
  `
  with gone as (
    delete from trading.due where ctid = any (array(
      select ctid from trading.due order by deal_key limit :max for update skip locked))
    returning *
  )
  select deal_key as "dealKey", ticket, server_key as "serverKey", account_key as "accountKey", client_key as "clientKey",
         symbol_key as "symbolKey", group_key as "groupKey", closed_volume as "closedVolume",
         (extract(epoch from closed_at) * 1000)::bigint as "closedAtMs", has_ms as "hasMs", reason, position_id as "positionId",
         coalesce(facts_key, deal_key) as "factsKey"
    from gone order by deal_key`,
);

export const claimNamed = query(
  'trading.claim_named',
  claimed,
  `
  with gone as (
    delete from trading.due where ctid = any (array(
      select ctid from trading.due where deal_key = any (:dealKeys::bigint[]) order by deal_key limit :max for update skip locked))
    returning *
  )
  select deal_key as "dealKey", ticket, server_key as "serverKey", account_key as "accountKey", client_key as "clientKey",
         symbol_key as "symbolKey", group_key as "groupKey", closed_volume as "closedVolume",
         (extract(epoch from closed_at) * 1000)::bigint as "closedAtMs", has_ms as "hasMs", reason, position_id as "positionId",
         coalesce(facts_key, deal_key) as "factsKey"
    from gone order by deal_key`,
);

/** What the symbols and groups of claimed deals say: forty rows here, where a join would write them a thousand times. */
export const namesOfKeys = query(
  'trading.names_of_keys',
  z.object({ kind: z.enum(['symbol', 'group']), key: z.int(), name: z.string(), value: z.string() }),
  `
  select 'symbol' as kind, key, symbol as name, symbol_group as value from trading.symbols where key = any (:symbolKeys::integer[])
  union all
  select 'group', key, name, lot_factor::text from trading.account_groups where key = any (:groupKeys::integer[])`,
);

/**
 * The open that a closing deal is measured from, as deals are by now, and itself by the version that is named: the last reversal
 * before it, else the first entry of its position.
 * Before is earlier on the server's clock or by ticket: in the hour that the clock shows twice only tickets tell.
 */
export const opensOf = query(
  'trading.opens_of',
  z.object({
    dealKey: z.bigint(),
    openedAt: z.date().nullable(),
    serverTimeMs: z.bigint().nullable(),
    hasMs: z.boolean(),
    zone: z.string(),
    shiftMinutes: z.int(),
  }),
  `
  select k.deal_key as "dealKey", o.time_utc as "openedAt", o.server_time_ms as "serverTimeMs", o.has_ms as "hasMs",
         s.zone, s.shift_minutes as "shiftMinutes"
    from unnest(:dealKeys::bigint[], :factsKeys::bigint[]) as k (deal_key, facts_key)
    left join trading.amended m on m.deal_key = k.deal_key
    join trading.deals t on t.key = coalesce(k.facts_key, m.version_key, k.deal_key)
    join trading.servers s on s.key = t.server_key
   cross join lateral (
           select d.time_utc, d.server_time_ms, d.has_ms
             from trading.entries_of(t.server_key, t.position_id) d
            where d.key <> t.key and (d.server_time_ms < t.server_time_ms or d.ticket < t.ticket)
            order by d.entry = 'in_out' desc,
                     case when d.entry = 'in_out' then -d.server_time_ms else d.server_time_ms end,
                     case when d.entry = 'in_out' then -d.ticket else d.ticket end
            limit 1) o`,
);

export const resolveParked = query(
  'trading.resolve_parked',
  z.object({}),
  `
  update trading.parked p set resolved_at = clock_timestamp(), resolution = x.resolution
    from unnest(:dealKeys::bigint[], :resolutions::text[]) as x (deal_key, resolution)
   where p.deal_key = x.deal_key and p.resolved_at is null`,
);

export const dueSummary = query(
  'trading.due_summary',
  z.object({ count: z.int(), oldest: z.date().nullable() }),
  `
  select (select count(*)::integer from (select from trading.due limit 10000) as counted) as count,
         (select min(received_at) from (select received_at from trading.due order by deal_key limit 1000) as first) as oldest`,
);

export const dueKeys = query(
  'trading.due_keys',
  z.object({ dealKey: z.bigint() }),
  `
  select deal_key as "dealKey" from trading.due order by deal_key offset :offset limit :limit`,
);

/** Parked additions as they are by now, oldest first, held until the end of the transaction; a second run meanwhile passes them over. */
export const lockParked = query(
  'trading.lock_parked',
  z.object({ dealKey: z.bigint(), code: z.string(), serverKey: z.int(), raw: z.string(), factsKey: z.bigint() }),
  `
  select p.deal_key as "dealKey", p.code, d.server_key as "serverKey", coalesce(v.raw, d.raw) as raw, coalesce(v.key, d.key) as "factsKey"
    from trading.parked p
    join trading.deals d on d.key = p.deal_key
    left join trading.amended m on m.deal_key = d.key
    left join trading.deals v on v.key = m.version_key
   where p.resolved_at is null and p.deal_key > :after and d.version = 0
     and (:code::text is null or p.code = :code)
     and (:dealKeys::bigint[] is null or p.deal_key = any (:dealKeys::bigint[]))
   order by p.deal_key limit :limit
     for update of p skip locked`,
);

export const parkedDeals = query(
  'trading.parked_deals',
  z.object({
    id: DealId,
    code: z.string(),
    detail: z.string(),
    parkedAt: z.date(),
    times: z.int(),
    kind: z.enum(['add', 'update', 'delete']),
    version: z.int(),
    server: z.string(),
    ticket: z.bigint(),
    login: z
      .bigint()
      .nullable()
      .transform((login) => login ?? undefined),
    symbol: z.string(),
    closedVolume: z.bigint(),
  }),
  `
  select p.deal_key as id, p.code, p.detail, p.parked_at as "parkedAt", d.kind, d.version, s.name as server, d.ticket, d.login,
         (select count(*)::integer from trading.parked h where h.deal_key = p.deal_key) as times, d.symbol, d.closed_volume as "closedVolume"
    from trading.parked p
    join trading.deals d on d.key = p.deal_key
    join trading.servers s on s.key = d.server_key
   where p.resolved_at is null and p.deal_key > :after and (:code::text is null or p.code = :code)
   order by p.deal_key limit :limit`,
);

export const parkedCounts = query(
  'trading.parked_counts',
  z.object({ code: z.string(), count: z.int() }),
  `
  select code, count(*)::integer as count from trading.parked where resolved_at is null group by code order by code`,
);

/** Every deal that was ever to be booked, with where it is now; those that only opened volume where they count. Read only by the verifier, a page at a time. */
export const closingDeals = query(
  'trading.closing_deals',
  z.object({ dealKey: z.bigint(), opens: z.boolean(), state: z.enum(['due', 'parked', 'handed_on', 'unpaid']) }),
  `
  select d.key as "dealKey", d.closed_volume = 0 as opens,
         case when w.deal_key is not null then 'due'
              when p.deal_key is not null then 'parked'
              when m.settled is not null then 'unpaid'
              when m.deal_key is null and (d.handling in ('technical', 'group_unpaid', 'kept')
                or r.resolution in ('technical', 'group_unpaid', 'kept')) then 'unpaid'
              else 'handed_on' end as state
    from trading.deals d
    left join trading.amended m on m.deal_key = d.key
    left join trading.due w on w.deal_key = d.key
    left join trading.parked p on p.deal_key = d.key and p.resolved_at is null
    left join lateral (select resolution from trading.parked h where h.deal_key = d.key order by h.key desc limit 1) r on true
   where d.key > :after and d.version = 0
     and (d.closed_volume > 0 or m.deal_key is not null
          or (select opens from trading.counting) and d.opened_volume > 0 and d.handling in ('due', 'parked'))
   order by d.key limit :limit`,
);

/** Exact up to 100 000 deals, then as Postgres estimates: counting millions at each look would cost more than it tells. */
export const dealCount = query(
  'trading.deal_count',
  z.object({ count: z.bigint() }),
  `
  select case when c.reltuples > 100000 then c.reltuples::bigint else (select count(*) from trading.deals) end as count
    from pg_class c where c.oid = 'trading.deals'::regclass`,
);

export const waitingCounts = query(
  'trading.waiting_counts',
  z.object({ due: z.bigint(), parked: z.bigint() }),
  `
  select (select count(*) from trading.due) as due, (select count(*) from trading.parked where resolved_at is null) as parked`,
);

/** Where one deal is: it waits, is parked with a reason, or what became of it when it came or was looked at again. */
export const whereabouts = query(
  'trading.whereabouts',
  z.object({
    state: z.enum(['due', 'parked', 'kept', 'technical', 'group_unpaid', 'deleted', 'handed_on']),
    code: z.string().nullable(),
    detail: z.string().nullable(),
  }),
  `
  select case when w.deal_key is not null then 'due' when p.deal_key is not null then 'parked'
              when m.deal_key is not null then coalesce(m.settled, 'handed_on')
              when r.resolution in ('kept', 'technical', 'group_unpaid') then r.resolution
              when d.handling in ('kept', 'technical', 'group_unpaid') then d.handling
              else 'handed_on' end as state,
         p.code, p.detail
    from trading.deals d
    left join trading.amended m on m.deal_key = d.key
    left join trading.due w on w.deal_key = d.key
    left join trading.parked p on p.deal_key = d.key and p.resolved_at is null
    left join lateral (select resolution from trading.parked h where h.deal_key = d.key order by h.key desc limit 1) r on true
   where d.key = :dealKey`,
);
