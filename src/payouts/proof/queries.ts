import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { PayoutItemId, PayoutRunId } from '../../kernel/ids.ts';
import { query } from '../../platform/query.ts';

/** A breach: whom it concerns, and what is wrong there. */
const finding = z.object({ subject: z.string(), detail: z.string() });
const kind = z.union([z.literal(1), z.literal(2)]);

/** A statement is paid once, and no more than it says. */
export const paidBeyondStated = query(
  'payouts.verify_paid_within_stated',
  finding,
  `
  select 'statement ' || s.key as subject,
         'is paid ' || count(*) || ' times, ' || sum(i.payable_units) || ' units in all; it says ' || s.payable_units as detail
    from payouts.run_items i
    join payouts.statements s on s.key = i.statement_key
   where i.state = 'paid'
   group by s.key, s.payable_units having count(*) > 1 or sum(i.payable_units) > s.payable_units
   order by s.key limit 100`,
);

/** An item is its statement's: of the same beneficiary, currency and amount. */
export const itemsUnlikeStatements = query(
  'payouts.verify_items',
  finding,
  `
  select 'payout item ' || i.id as subject, 'says another beneficiary, currency or amount than its statement' as detail
    from payouts.run_items i
    join payouts.statements s on s.key = i.statement_key
   where (i.kind, i.party, i.currency, i.payable_units) is distinct from (s.kind, s.party, s.currency, s.payable_units)
   order by i.key limit 100`,
);

/** A run says of itself what its items say. */
export const runsUnlikeItems = query(
  'payouts.verify_runs',
  finding,
  `
  with counted as (
    select r.id, r.key, r.state, count(*) filter (where i.state = 'included') as included,
           count(*) filter (where i.state = 'paid') as paid, count(*) filter (where i.state = 'unpaid') as unpaid,
           count(*) filter (where i.is_open and i.state <> 'paid') as open
      from payouts.runs r left join payouts.run_items i on i.run_key = r.key
     group by r.key
  )
  select 'payout run ' || id as subject,
         'is ' || state || ' with ' || included || ' to pay, ' || paid || ' paid, ' || unpaid || ' unpaid, ' || open || ' still taken' as detail
    from counted
   where (state in ('paid', 'partly') and (included > 0 or open > 0 or (unpaid > 0) <> (state = 'partly')))
      or (state = 'cancelled' and (paid + unpaid > 0 or open > 0))
      or (state in ('draft', 'submitted') and paid + unpaid > 0)
   order by key limit 100`,
);

/** What a dispute was granted is what its award gives, and nobody else has it. */
export const outcomesUnlikeAwards = query(
  'payouts.verify_dispute_outcomes',
  finding,
  `
  select 'dispute ' || d.id as subject,
         case when e.units is null then 'was granted ' || coalesce(d.outcome_units::text, 'nothing') || ' and has no award'
              else 'was granted ' || d.outcome_units || ' ' || d.outcome_currency || ', its award gives ' || e.units || ' ' || e.currency end as detail
    from payouts.disputes d
    left join commissions.entries e
      on e.source = 'award' and e.source_key = d.outcome_award_key and e.kind = 1 and e.beneficiary = d.ib_key
   where d.state = 'accepted' and (e.units is null or (e.units, e.currency) is distinct from (d.outcome_units, d.outcome_currency))
   order by d.key limit 100`,
);

/** What was paid, a page at a time. */
export const paidAfter = query(
  'payouts.verify_paid_after',
  z.object({
    key: z.bigint(),
    id: PayoutItemId,
    runId: PayoutRunId,
    kind,
    party: z.int(),
    currency: Currency,
    units: z.bigint(),
    walletCurrency: Currency,
    walletUnits: z.bigint(),
  }),
  `
  select i.key, i.id, r.id as "runId", i.kind::integer as kind, i.party, i.currency, i.payable_units as units,
         i.wallet_currency as "walletCurrency", i.wallet_units as "walletUnits"
    from payouts.run_items i join payouts.runs r on r.key = i.run_key
   where i.state = 'paid' and i.key > :after
   order by i.key limit :limit`,
);

/** Of these items those that are paid. */
export const paidAmong = query(
  'payouts.verify_paid_among',
  z.object({ id: PayoutItemId }),
  `select id from payouts.run_items where id = any (:ids::uuid[]) and state = 'paid'`,
);
