import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { ClientCostId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';

export const insertCosts = query(
  'commissions.insert_client_costs',
  z.object({ id: ClientCostId }),
  `
  insert into commissions.client_costs (id, client_key, kind, currency, units, at, source, reference, reason, recorded_by)
  select id, client_key, kind, currency, units, at, source, reference, reason, :recordedBy
    from unnest(:ids::uuid[], :clientKeys::integer[], :kinds::text[], :currencies::text[], :units::bigint[], :ats::timestamptz[],
                :sources::text[], :references::text[], :reasons::text[])
      as c (id, client_key, kind, currency, units, at, source, reference, reason)
  on conflict (source, reference) do nothing
  returning id`,
);

/** Who takes costs back holds this to the end of his transaction, so that nothing is taken back twice. */
export const holdCosts = query(
  'commissions.hold_client_costs',
  z.object({}),
  `select from (select pg_advisory_xact_lock(hashtext('commissions.client_costs'))) as held`,
);

/** Of these clients those of whom more was taken back, of a kind and currency, than was ever recorded. */
export const costsTakenBackBeyond = query(
  'commissions.client_costs_taken_back_beyond',
  z.object({ clientKey: z.int(), kind: z.string(), currency: z.string() }),
  `
  select client_key as "clientKey", kind, currency from commissions.client_costs
   where client_key = any (:clientKeys::integer[])
   group by client_key, kind, currency having sum(units) < 0
   order by client_key, kind, currency limit 1`,
);

export const costsNamed = query(
  'commissions.client_costs_named',
  z.object({
    clientKey: z.int(),
    kind: z.string(),
    currency: z.string(),
    units: z.bigint(),
    at: z.date(),
    source: z.string(),
    reference: z.string(),
  }),
  `
  select c.client_key as "clientKey", c.kind, c.currency, c.units, c.at, c.source, c.reference
    from unnest(:sources::text[], :references::text[]) as n (source, reference)
    join commissions.client_costs c using (source, reference)`,
);

export const pageOfCosts = pagedQuery(
  'commissions.page_of_client_costs',
  z.object({
    id: ClientCostId,
    clientKey: z.int(),
    kind: z.enum(['psp_fee', 'chargeback']),
    currency: Currency,
    units: z.bigint(),
    at: z.date(),
    source: z.string(),
    reference: z.string(),
    reason: z.string(),
    recordedBy: z.string(),
    recordedAt: z.date(),
  }),
  `
  select id, client_key as "clientKey", kind, currency, units, at, source, reference, reason, recorded_by as "recordedBy",
         date_trunc('milliseconds', recorded_at) as "recordedAt"
    from commissions.client_costs
   where (:clientKey::integer is null or client_key = :clientKey) and (:kind::text is null or kind = :kind)`,
  {
    sorts: { at: { column: 'at', type: 'timestamptz' } },
    unique: { column: 'id', schema: ClientCostId, type: 'uuid' },
  },
);
