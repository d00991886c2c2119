import { z } from 'zod';
import { Currency } from '../kernel/currency.ts';
import { LedgerAccountId } from '../kernel/ids.ts';
import { query } from '../platform/query.ts';
import { type AccountKey, purposes } from './types.ts';

const accountKey = z.int().transform((key) => key as AccountKey);
/** Sums are numeric and travel as text: those of many accounts may pass 64 bits. */
const sum = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);

export const ensureAccounts = query(
  'ledger.ensure_accounts',
  z.object({ keys: z.array(accountKey.nullable()) }),
  `
  select ledger.ensure_accounts(:purposes::text[], :owners::integer[], :currencies::text[]) as keys`,
);

export const post = query(
  'ledger.post',
  z.object({}),
  `
  select from ledger.post(:kinds::text[], :debits::integer[], :credits::integer[], :units::bigint[], :currencies::text[],
    :effectiveAts::timestamptz[], :references::text[], :legs::integer[], :holdReferences::text[], :holdLegs::integer[])`,
);

export const postFan = query(
  'ledger.post_fan',
  z.object({}),
  `
  select from ledger.post_fan(:debit, :credits::integer[], :units::bigint[], :currency, :effectiveAts::timestamptz[], :reference)`,
);

/** The lock under which balances are written, held to the commit: what is read behind it is what a posting will change. */
export const lockBalances = query('ledger.lock_balances', z.object({}), `select from pg_advisory_xact_lock(7205001)`);

const balanceRow = z.object({
  key: accountKey,
  id: LedgerAccountId,
  purpose: z.enum(purposes),
  owner: z.int(),
  currency: Currency,
  balance: z.bigint(),
  held: z.bigint(),
  version: z.bigint(),
});

export const balancesOf = query(
  'ledger.balances_of',
  balanceRow,
  `
  select a.key, a.id, a.purpose, a.owner, a.currency, a.version,
         case a.normal_side when 'credit' then a.posted_credits - a.posted_debits else a.posted_debits - a.posted_credits end as balance,
         case a.normal_side when 'credit' then a.pending_debits else a.pending_credits end as held
    from unnest(:keys::integer[]) with ordinality as k (key, place)
    join ledger.accounts a on a.key = k.key
   order by k.place`,
);

/** The same by what accounts are for and whose they are; those that were never opened are left out. */
export const balancesOfOwners = query(
  'ledger.balances_of_owners',
  balanceRow,
  `
  select a.key, a.id, a.purpose, a.owner, a.currency, a.version,
         case a.normal_side when 'credit' then a.posted_credits - a.posted_debits else a.posted_debits - a.posted_credits end as balance,
         case a.normal_side when 'credit' then a.pending_debits else a.pending_credits end as held
    from unnest(:purposes::text[], :owners::integer[], :currencies::text[]) as r (purpose, owner, currency)
    join ledger.accounts a on a.purpose = r.purpose and a.owner = r.owner and a.currency = r.currency`,
);

/**
 * What is on all accounts of some purposes together, owner by owner, credits above 0; and how much of it came under references
 * that begin with a word.
 */
export const netsOfOwners = query(
  'ledger.nets_of_owners',
  z.object({ owner: z.int(), currency: Currency, units: sum, under: sum }),
  `
  with page as (
    select owner, currency, array_agg(key) as keys, sum(posted_credits - posted_debits) as units
      from ledger.accounts
     where purpose = any (:purposes::text[]) and owner > :after
     group by owner, currency order by owner, currency limit :limit
  )
  select p.owner, p.currency, p.units::text as units,
         coalesce((select sum(case e.side when 'credit' then e.units else -e.units end)
                     from ledger.entries e
                    where e.account = any (p.keys) and e.kind in ('posted', 'post_pending') and starts_with(e.reference, :prefix)), 0)::text as under
    from page p
   order by p.owner, p.currency`,
);

const entryRow = z.object({
  transfer: z.bigint(),
  version: z.bigint(),
  side: z.enum(['debit', 'credit']),
  kind: z.enum(['posted', 'pending', 'post_pending', 'void_pending']),
  units: z.bigint(),
  currency: Currency,
  counterAccount: accountKey,
  balanceAfter: z.bigint(),
  reference: z.string(),
  leg: z.int(),
  postedAt: z.date(),
  effectiveAt: z.date(),
});

/** An account's transfers below a version, newest first: one range of an index for either side. */
export const entriesOf = query(
  'ledger.entries_of',
  entryRow,
  `
  select transfer, version, side, kind, units, currency, counter_account as "counterAccount", balance_after as "balanceAfter",
         reference, leg, posted_at as "postedAt", effective_at as "effectiveAt"
    from ledger.entries
   where account = :account and version < :below
   order by version desc
   limit :limit`,
);

export const balanceAsOfPosted = query(
  'ledger.balance_as_of_posted',
  z.object({ units: sum, currency: Currency }),
  `
  select a.currency, coalesce(e.balance_after, 0)::text as units
    from ledger.accounts a
    left join ledger.entries e on e.account = a.key and e.version = ledger.version_as_of(:account, :at)
   where a.key = :account`,
);

/** Value dates come in any order, so this reads all of the account's transfers. */
export const balanceAsOfEffective = query(
  'ledger.balance_as_of_effective',
  z.object({ units: sum, currency: Currency }),
  `
  select a.currency, coalesce(
           (select sum(case when e.side = a.normal_side then e.units else -e.units end)
              from ledger.entries e
             where e.account = a.key and e.kind in ('posted', 'post_pending') and e.effective_at <= :at), 0)::text as units
    from ledger.accounts a
   where a.key = :account`,
);

const trialRow = z.object({
  purpose: z.enum(purposes),
  class: z.enum(['asset', 'liability', 'equity', 'income', 'expense']),
  currency: Currency,
  debits: sum,
  credits: sum,
});

export const trialBalanceNow = query(
  'ledger.trial_balance',
  trialRow,
  `
  select a.purpose, p.class, a.currency, sum(a.posted_debits)::text as debits, sum(a.posted_credits)::text as credits
    from ledger.accounts a
    join ledger.purposes p on p.purpose = a.purpose
   group by a.purpose, p.class, a.currency
   order by a.currency, p.class, a.purpose`,
);

export const trialBalanceAsOf = query(
  'ledger.trial_balance_as_of',
  trialRow,
  `
  select a.purpose, p.class, a.currency,
         coalesce(sum(e.units) filter (where e.side = 'debit'), 0)::text as debits,
         coalesce(sum(e.units) filter (where e.side = 'credit'), 0)::text as credits
    from ledger.entries e
    join ledger.accounts a on a.key = e.account
    join ledger.purposes p on p.purpose = a.purpose
   where e.kind in ('posted', 'post_pending')
     and case :axis::text when 'posted' then e.posted_at else e.effective_at end <= :at
   group by a.purpose, p.class, a.currency
   order by a.currency, p.class, a.purpose`,
);

/** What the posted transfers under some references moved from account to account, a row per reference and pair. */
export const transferSums = query(
  'ledger.transfer_sums',
  z.object({
    reference: z.string(),
    debitPurpose: z.enum(purposes),
    debitOwner: z.int(),
    creditPurpose: z.enum(purposes),
    creditOwner: z.int(),
    currency: Currency,
    units: sum,
  }),
  `
  select t.reference, d.purpose as "debitPurpose", d.owner as "debitOwner", c.purpose as "creditPurpose", c.owner as "creditOwner",
         t.currency, sum(t.units)::text as units
    from ledger.transfers t
    join ledger.accounts d on d.key = t.debit_account
    join ledger.accounts c on c.key = t.credit_account
   where t.reference = any (:references::text[]) and t.kind in ('posted', 'post_pending')
   group by t.reference, d.purpose, d.owner, c.purpose, c.owner, t.currency
   order by t.reference, c.purpose, c.owner, t.currency`,
);

/** The different references that begin with a word, a page at a time. */
export const referencesUnder = query(
  'ledger.references_under',
  z.object({ reference: z.string() }),
  `
  select reference from ledger.transfers
   where starts_with(reference, :prefix) and reference > :after
   group by reference order by reference limit :limit`,
);

/** For people: how much there is to check. */
export const countTransfers = query(
  'ledger.count_transfers',
  z.object({ transfers: z.bigint() }),
  `
  select count(*) as transfers from ledger.transfers`,
);
