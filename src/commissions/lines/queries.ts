import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';

/** One row for each entry: what a revision of the trade's booking gave by a component, or changed of it. */
export const entriesOfTrade = query(
  'commissions.entries_of_trade',
  z.object({
    planVersionKey: z.int(),
    revision: z.int(),
    componentNumber: z.int(),
    currency: Currency,
    units: z.bigint(),
  }),
  `
  select plan_version_key as "planVersionKey", revision, component as "componentNumber", currency, units
    from commissions.entries
   where source = 'trade' and source_key = :dealKey and kind = 1 and beneficiary = :ibKey
   order by revision desc, component`,
);

export const entryOfAward = query(
  'commissions.entry_of_award',
  z.object({ componentNumber: z.int(), currency: Currency, units: z.bigint() }),
  `
  select a.component as "componentNumber", a.currency, w.units
    from commissions.awards a
    join commissions.award_rebates w on w.award_key = a.key
   where a.key = :awardKey and w.kind = 1 and w.beneficiary = :ibKey`,
);

/** All that was earned up to a cut and before an instant, less what was up to the cut before and before its instant. */
export const sumsBetween = query(
  'commissions.sums_between',
  z.object({
    currency: Currency,
    kind: z.int(),
    entries: z.bigint(),
    units: z.string().transform(BigInt),
    lateUnits: z.string().transform(BigInt),
  }),
  `
  select currency, kind, count(*) as entries, sum(units)::text as units,
         coalesce(sum(units) filter (where earned_at < :afterAt::timestamptz), 0)::text as "lateUnits"
    from commissions.entries
   where batch_key <= :cutKey and earned_at < :until
     and (batch_key > :afterCutKey::bigint or earned_at >= :afterAt::timestamptz)
   group by currency, kind
   order by currency, kind`,
);
