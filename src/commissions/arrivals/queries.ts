import { z } from 'zod';
import { query } from '../../platform/query.ts';

const nothing = z.object({});

const marks = z.object({
  units: z.array(z.string()),
  batchKey: z.bigint(),
  dealKey: z.bigint(),
  costKey: z.bigint(),
});

/** Whoever looks at periods waits for another that does, and holds off others until the transaction ends. */
export const holdMarks = query(
  'commissions.hold_period_marks',
  marks,
  `
  select units, batch_key as "batchKey", deal_key as "dealKey", cost_key as "costKey" from commissions.period_marks for update`,
);

export const setMarks = query(
  'commissions.set_period_marks',
  nothing,
  `
  update commissions.period_marks
     set units = :units::text[], batch_key = :batchKey, deal_key = :dealKey, cost_key = :costKey`,
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
  select deal_key as "dealKey", symbol_key as "symbolKey", group_key as "groupKey", closed_at as "closedAt", facts_key as "factsKey"
    from commissions.bookings where batch_key > :after and batch_key <= :upTo`,
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
