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

/** Whom the awards of batches are about, and whose they are. */
export const partiesOfAwards = query(
  'commissions.parties_of_awards',
  z.object({ batchKey: z.bigint(), clientKey: z.int().nullable(), kind: z.int(), beneficiary: z.int() }),
  `
  select distinct a.batch_key as "batchKey", a.client_key as "clientKey", w.kind, w.beneficiary
    from commissions.awards a join commissions.award_rebates w on w.award_key = a.key
   where a.batch_key = any (:batchKeys::bigint[]) limit :max`,
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
