import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { PayoutItemId, PayoutRunId } from '../../kernel/ids.ts';
import { query } from '../../platform/query.ts';

/** The next items to pay, held until the end of the transaction. */
export const nextItems = query(
  'payouts.next_run_items',
  z.object({
    key: z.bigint(),
    id: PayoutItemId,
    statementKey: z.bigint(),
    kind: z.union([z.literal(1), z.literal(2)]),
    party: z.int(),
    currency: Currency,
    payableUnits: z.bigint(),
    walletCurrency: Currency,
    isOnHold: z.boolean(),
  }),
  `
  select key, id, statement_key as "statementKey", kind::integer as kind, party, currency, payable_units as "payableUnits", wallet_currency as "walletCurrency",
         coalesce((select (h.terms ->> 'onHold')::boolean from payouts.schedules h
                    where h.kind = i.kind and h.party = i.party and h.valid_from <= clock_timestamp()
                    order by h.valid_from desc limit 1),
                  (select (d.terms ->> 'onHold')::boolean from payouts.schedules d
                    where d.kind = 0 and d.valid_from <= clock_timestamp() order by d.valid_from desc limit 1), false) as "isOnHold"
    from payouts.run_items i
   where run_key = :runKey and state = 'included'
   order by key limit :max for update of i`,
);

export const settleItems = query(
  'payouts.settle_run_items',
  z.object({ key: z.bigint() }),
  `
  update payouts.run_items i
     set state = x.state, is_open = x.state = 'paid', code = x.code, detail = x.detail, wallet_units = x.wallet_units,
         conversion = x.conversion::jsonb, settled_at = date_trunc('milliseconds', clock_timestamp())
    from unnest(:keys::bigint[], :states::text[], :codes::text[], :details::text[], :walletUnits::bigint[], :conversions::text[])
      as x (key, state, code, detail, wallet_units, conversion)
   where i.key = x.key and i.state = 'included'
  returning i.key`,
);

/** All that a stopped run has not come to. */
export const refuseRest = query(
  'payouts.refuse_rest_of_run',
  z.object({ key: z.bigint() }),
  `
  update payouts.run_items
     set state = 'unpaid', is_open = false, code = 'run_stopped', detail = :detail,
         settled_at = date_trunc('milliseconds', clock_timestamp())
   where run_key = :runKey and state = 'included'
  returning key`,
);

export const postingRuns = query(
  'payouts.posting_runs',
  z.object({ id: PayoutRunId }),
  `select id from payouts.runs where state = 'posting' order by key limit :max`,
);
