import { z } from 'zod';
import { query } from '../../platform/query.ts';

const nothing = z.object({});

const marks = z.object({
  units: z.array(z.string()),
  batchKey: z.bigint(),
  dealKey: z.bigint(),
  costKey: z.bigint(),
  treeKnownAt: z.date().nullable(),
});

/** Whoever looks at periods waits for another that does, and holds off others until the transaction ends. */
export const holdMarks = query(
  'commissions.hold_period_marks',
  marks,
  `
  select units, batch_key as "batchKey", deal_key as "dealKey", cost_key as "costKey", tree_known_at as "treeKnownAt"
    from commissions.period_marks for update`,
);

export const setMarks = query(
  'commissions.set_period_marks',
  nothing,
  `
  update commissions.period_marks
     set units = :units::text[], batch_key = :batchKey, deal_key = :dealKey, cost_key = :costKey, tree_known_at = :treeKnownAt`,
);

export const noteLook = query(
  'commissions.note_period_look',
  nothing,
  `
  update commissions.period_marks set looked_at = clock_timestamp()`,
);

export const lastLook = query(
  'commissions.last_period_look',
  z.object({ isRecent: z.boolean().nullable(), now: z.date() }),
  `
  select looked_at > clock_timestamp() - :pauseMs::bigint * interval '1 millisecond' as "isRecent",
         date_trunc('milliseconds', clock_timestamp()) as now
    from commissions.period_marks`,
);

/** The bookings of the next batches behind a mark, up to a cut. */
export const nextBatches = query(
  'commissions.next_batches_of_periods',
  z.object({ batchKey: z.bigint() }),
  `
  select key as "batchKey" from commissions.batches where key > :after and key <= :upTo order by key limit :limit`,
);

/** The bookings of batches, and of those that correct an earlier one that one too: its period is touched as well. */
export const bookingsArrived = query(
  'commissions.bookings_arrived',
  z.object({
    dealKey: z.bigint(),
    symbolKey: z.int(),
    groupKey: z.int(),
    closedAt: z.date(),
    factsKey: z.bigint().nullable(),
  }),
  `
  select o.deal_key as "dealKey", o.symbol_key as "symbolKey", o.group_key as "groupKey", o.closed_at as "closedAt", o.facts_key as "factsKey"
    from commissions.bookings b
    join commissions.bookings o on o.deal_key = b.deal_key and o.revision between b.revision - 1 and b.revision
   where b.batch_key > :after and b.batch_key <= :upTo`,
);

/** Closes that are booked at another instant than they were delivered for. */
export const insertMovedCloses = query(
  'commissions.insert_moved_closes',
  nothing,
  `
  insert into commissions.moved_closes (deal_key, client_key, closed_at, delivered_at)
  select distinct * from unnest(:dealKeys::bigint[], :clientKeys::integer[], :closedAts::timestamptz[], :deliveredAts::timestamptz[])
  on conflict do nothing`,
);

export const costsArrived = query(
  'commissions.costs_arrived',
  z.object({ key: z.bigint(), clientKey: z.int(), at: z.date(), isSettled: z.boolean() }),
  `
  select key, client_key as "clientKey", at, recorded_at < clock_timestamp() - interval '1 hour' as "isSettled"
    from commissions.client_costs where key > :after order by key limit :limit`,
);

/** What is noted already stays as it is. */
export const noteDuePeriods = query(
  'commissions.insert_period_due',
  nothing,
  `
  insert into commissions.period_due (client_key, unit, period_from, period_to)
  select distinct client_key, unit, at_from, at_to
    from unnest(:clientKeys::integer[], :units::text[], :froms::timestamptz[], :tos::timestamptz[]) as d (client_key, unit, at_from, at_to)
   order by client_key, unit, at_from
  on conflict do nothing`,
);

/** Periods of clients that were settled, or of which something is known beside what the platform tells. */
export const knownPeriods = query(
  'commissions.known_periods',
  z.object({ place: z.int() }),
  `
  select a.place
    from unnest(:places::integer[], :clientKeys::integer[], :froms::timestamptz[], :tos::timestamptz[])
           as a (place, client_key, at_from, at_to)
   where exists (select from commissions.period_results r
                  where r.client_key = a.client_key and r.period_from = a.at_from and r.period_to = a.at_to)
      or exists (select from commissions.client_costs c where c.client_key = a.client_key and c.at >= a.at_from and c.at < a.at_to)
      or exists (select from commissions.moved_closes m
                  where m.client_key = a.client_key and m.closed_at >= a.at_from and m.closed_at < a.at_to)`,
);

/** Money operations on logins that nobody has. */
export const insertStrangers = query(
  'commissions.insert_period_strangers',
  nothing,
  `
  insert into commissions.period_strangers (deal_key) select unnest(:dealKeys::bigint[]) on conflict do nothing`,
);

export const strangers = query(
  'commissions.period_strangers',
  z.object({ dealKey: z.bigint() }),
  `
  select deal_key as "dealKey" from commissions.period_strangers where deal_key > :after order by deal_key limit :limit`,
);

export const deleteStrangers = query(
  'commissions.delete_period_strangers',
  nothing,
  `
  delete from commissions.period_strangers where deal_key = any (:dealKeys::bigint[])`,
);
