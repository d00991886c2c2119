import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** Waits for all bookings under way, and holds off new ones until the transaction ends. */
export const holdOffBookings = query(
  'commissions.hold_off_bookings',
  z.object({}),
  `
  select from (select pg_advisory_xact_lock(hashtext('commissions.bookings'))) as held`,
);

/** Waits while bookings are held off, and then keeps anybody from holding them off; others may do the same at once. */
export const joinBookings = query(
  'commissions.join_bookings',
  z.object({}),
  `
  select from (select pg_advisory_xact_lock_shared(hashtext('commissions.bookings'))) as held`,
);

export const lastBatch = query(
  'commissions.last_batch',
  z.object({ batchKey: z.bigint(), at: z.date() }),
  `
  select coalesce(max(key), 0) as "batchKey", date_trunc('milliseconds', clock_timestamp()) as at from commissions.batches`,
);

/** Others that settle what is owed wait until the transaction ends. */
export const holdSettlement = query(
  'commissions.hold_settlement',
  z.object({}),
  `
  select from (select pg_advisory_xact_lock(hashtext('commissions.settlement'))) as held`,
);
