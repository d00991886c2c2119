import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';

/**
 * Re-runs and chargebacks that are over and of which introducing brokers have not been told: the batches of each. While one is
 * still being carried out it waits.
 */
export const untold = query(
  'commissions.untold_corrections',
  z.object({ cause: z.enum(['rerun', 'chargeback']), reason: z.string(), batchKeys: z.array(z.bigint()) }),
  `
  select c.cause, c.reason, array_agg(c.batch_key order by c.batch_key) as "batchKeys"
    from commissions.corrections c
    left join commissions.reruns r on r.key = c.rerun_key
   where c.told_at is null and c.cause in ('rerun', 'chargeback') and r.state is distinct from 'applying'
     and not exists (select from platform.tasks t
                      where t.kind = 'commissions.chargeback' and t.state in ('queued', 'running')
                        and t.payload ->> 'approvalId' is not null and c.cause = 'chargeback')
   group by c.cause, c.reason, c.rerun_key, c.approval_id order by min(c.batch_key) limit :limit`,
);

/** What batches changed for each introducing broker. */
export const changesOfIbs = query(
  'commissions.changes_of_ibs',
  z.object({ ibKey: z.int(), currency: Currency, units: z.string().transform(BigInt), trades: z.int() }),
  `
  select beneficiary as "ibKey", currency, sum(units)::text as units, count(distinct source_key)::integer as trades
    from commissions.entries
   where batch_key = any (:batchKeys::bigint[]) and kind = 1 and source = 'trade'
   group by beneficiary, currency having sum(units) <> 0 order by beneficiary, currency`,
);

export const noteTold = query(
  'commissions.note_told',
  z.object({}),
  `
  update commissions.corrections set told_at = date_trunc('milliseconds', clock_timestamp()) where batch_key = any (:batchKeys::bigint[])`,
);
