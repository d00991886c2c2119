import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';
import { NO_PAY_REASONS, type NoPayReason } from '../types.ts';

/** Sums are numeric and travel as text: those of many rows may pass 64 bits. */
const sum = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

export const beneficiaryTotals = query(
  'commissions.beneficiary_totals',
  z.object({ kind: z.int(), beneficiary: z.int(), currency: Currency, rebates: z.int(), units: sum }),
  `
  select r.kind, r.beneficiary, v.definition ->> 'currency' as currency, count(*)::integer as rebates, sum(r.units)::text as units
    from commissions.rebates r
    join commissions.bookings b on b.deal_key = r.deal_key and b.revision = r.revision
    join commissions.plan_versions v on v.key = b.plan_version_key
   group by r.kind, r.beneficiary, v.definition ->> 'currency'
   order by r.kind, r.beneficiary, currency`,
);

export const earningTotals = query(
  'commissions.earning_totals',
  z.object({ currency: Currency, bookings: z.int(), earningUnits: sum, rebateUnits: sum, unbalanced: z.int() }),
  `
  with shared as (
    select deal_key, sum(units) as units from commissions.rebates group by deal_key
  ), live as (
    select distinct on (deal_key) deal_key, plan_version_key, earning_units from commissions.bookings
     order by deal_key, revision desc
  )
  select v.definition ->> 'currency' as currency, count(*)::integer as bookings, sum(b.earning_units)::text as "earningUnits",
         sum(coalesce(s.units, 0))::text as "rebateUnits",
         count(*) filter (where b.earning_units <> coalesce(s.units, 0))::integer as unbalanced
    from live b
    join commissions.plan_versions v on v.key = b.plan_version_key
    left join shared s on s.deal_key = b.deal_key
   group by v.definition ->> 'currency'
   order by currency`,
);

const reasons = Object.keys(NO_PAY_REASONS) as [NoPayReason, ...NoPayReason[]];

/** Component -1 speaks for the whole trade. */
export const unpaidTotals = query(
  'commissions.unpaid_totals',
  z.object({ reason: z.enum(reasons), bookings: z.int() }),
  `
  select u.reason, count(*)::integer as bookings
    from commissions.unpaid u
   where u.component = -1
     and not exists (select from commissions.bookings b where b.deal_key = u.deal_key and b.revision > u.revision)
   group by u.reason order by u.reason`,
);
