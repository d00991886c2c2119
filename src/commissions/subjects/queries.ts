import { z } from 'zod';
import { query } from '../../platform/query.ts';

export const bookingsOfBatches = query(
  'commissions.bookings_of_batches',
  z.object({
    batchKey: z.bigint(),
    dealKey: z.bigint(),
    symbolKey: z.int(),
    groupKey: z.int(),
    closedAt: z.date(),
  }),
  `
  select batch_key as "batchKey", deal_key as "dealKey", symbol_key as "symbolKey", group_key as "groupKey", closed_at as "closedAt"
    from commissions.bookings where batch_key = any (:batchKeys::bigint[]) limit :max`,
);

/** The IBs that earned from batches. */
export const earnersOfBatches = query(
  'commissions.earners_of_batches',
  z.object({ batchKey: z.bigint(), ibKey: z.int() }),
  `
  select distinct b.batch_key as "batchKey", r.beneficiary as "ibKey"
    from commissions.bookings b
    join commissions.rebates r on r.deal_key = b.deal_key and r.revision = b.revision and r.kind = 1
   where b.batch_key = any (:batchKeys::bigint[]) limit :max`,
);
