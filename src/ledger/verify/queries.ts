import { z } from 'zod';
import { query } from '../../platform/query.ts';

/** What a check finds: whom it concerns, and what is wrong there. At most 100 each, so that a wreck stays readable. */
const finding = z.object({ subject: z.string(), detail: z.string() });

/** Each transfer as its two accounts see it, with what it adds to the account's postings and holds. */
const legs = `
  select e.account, e.version, e.side, e.balance_after, e.transfer,
         case when e.kind in ('posted', 'post_pending') then e.units else 0 end as moved,
         case e.kind when 'posted' then 0 when 'pending' then e.units else -h.units end as held
    from ledger.entries e
    left join ledger.transfers h on h.key = e.pending_key`;

/** Every account's balances and version are what its transfers add up to. */
export const balancesDiffer = query(
  'ledger.verify_balances',
  finding,
  `
  with legs as (${legs}), sums as (
    select account, count(*) as version,
           coalesce(sum(moved) filter (where side = 'debit'), 0) as posted_debits,
           coalesce(sum(moved) filter (where side = 'credit'), 0) as posted_credits,
           coalesce(sum(held) filter (where side = 'debit'), 0) as pending_debits,
           coalesce(sum(held) filter (where side = 'credit'), 0) as pending_credits
      from legs group by account
  ), compared as (
    select coalesce(a.key, s.account) as account, a.key is null as absent,
           (a.version, a.posted_debits, a.posted_credits, a.pending_debits, a.pending_credits)::text as stored,
           (coalesce(s.version, 0), coalesce(s.posted_debits, 0), coalesce(s.posted_credits, 0),
            coalesce(s.pending_debits, 0), coalesce(s.pending_credits, 0))::text as summed
      from ledger.accounts a
      full join sums s on s.account = a.key
  )
  select 'account ' || account as subject,
         case when absent then 'transfers name an account that does not exist'
              else 'version, debits, credits, held debits, held credits are ' || stored || ', the transfers say ' || summed end as detail
    from compared where absent or stored <> summed
   order by account limit 100`,
);

/** The versions of an account are 1, 2, 3 … without a hole. */
export const versionsBroken = query(
  'ledger.verify_versions',
  finding,
  `
  with numbered as (
    select account, version, transfer, row_number() over (partition by account order by version, transfer) as expected
      from ledger.entries
  )
  select distinct on (account) 'account ' || account as subject,
         'transfer ' || transfer || ' has version ' || version || ' where ' || expected || ' follows' as detail
    from numbered where version <> expected
   order by account, expected limit 100`,
);

/** Each balance after is the one before plus what the transfer moved. */
export const chainBroken = query(
  'ledger.verify_chain',
  finding,
  `
  with legs as (${legs}), chained as (
    select l.account, l.version, l.transfer, l.balance_after,
           sum(case when l.side = a.normal_side then l.moved else -l.moved end)
             over (partition by l.account order by l.version, l.transfer rows unbounded preceding) as expected
      from legs l
      join ledger.accounts a on a.key = l.account
  )
  select distinct on (account) 'account ' || account as subject,
         'after transfer ' || transfer || ' (version ' || version || ') the balance is ' || balance_after || ', the steps say ' || expected as detail
    from chained where balance_after <> expected
   order by account, version limit 100`,
);

/** Debits and credits of all accounts of a currency are equal, posted and held. */
export const unbalanced = query(
  'ledger.verify_unbalanced',
  finding,
  `
  select 'currency ' || currency as subject,
         'debits ' || sum(posted_debits) || ', credits ' || sum(posted_credits)
           || ', held debits ' || sum(pending_debits) || ', held credits ' || sum(pending_credits) as detail
    from ledger.accounts
   group by currency
  having sum(posted_debits) <> sum(posted_credits) or sum(pending_debits) <> sum(pending_credits)
   order by currency limit 100`,
);

/** No account that may not overdraw was below its holds at any step of its history. */
export const overdrawn = query(
  'ledger.verify_overdrawn',
  finding,
  `
  with legs as (${legs}), stepped as (
    select l.account, l.version, l.transfer,
           sum(case when l.side = a.normal_side then l.moved else -l.moved - l.held end)
             over (partition by l.account order by l.version, l.transfer rows unbounded preceding) as free
      from legs l
      join ledger.accounts a on a.key = l.account
     where not a.may_overdraw
  )
  select distinct on (account) 'account ' || account as subject,
         'after transfer ' || transfer || ' (version ' || version || ') ' || free || ' units were free' as detail
    from stepped where free < 0
   order by account, version limit 100`,
);

/** A transfer that ends a hold names a hold, agrees with it, takes no more than it held, and is the only one to do so. */
export const holdsBroken = query(
  'ledger.verify_holds',
  finding,
  `
  select 'transfer ' || t.key as subject,
         case when h.kind is distinct from 'pending' then 'names ' || t.pending_key || ', which is no hold'
              when t.turn > 1 then 'ends hold ' || t.pending_key || ' a second time'
              else 'differs from its hold ' || t.pending_key || ' in accounts, currency or units' end as detail
    from (select r.*, row_number() over (partition by r.pending_key order by r.key) as turn
            from ledger.transfers r where r.pending_key is not null) t
    left join ledger.transfers h on h.key = t.pending_key
   where h.kind is distinct from 'pending' or t.turn > 1 or h.key > t.key or t.units > h.units
      or (t.kind = 'void_pending' and t.units <> h.units)
      or (t.debit_account, t.credit_account, t.currency) is distinct from (h.debit_account, h.credit_account, h.currency)
   order by t.key limit 100`,
);

/** A transfer has the currency of both its accounts. */
export const currenciesMixed = query(
  'ledger.verify_currencies',
  finding,
  `
  select 'transfer ' || t.key as subject, t.currency || ' from an account in ' || d.currency || ' to one in ' || c.currency as detail
    from ledger.transfers t
    join ledger.accounts d on d.key = t.debit_account
    join ledger.accounts c on c.key = t.credit_account
   where t.currency <> d.currency or t.currency <> c.currency
   order by t.key limit 100`,
);

/** Keys and posting times rise together. */
export const timesDisordered = query(
  'ledger.verify_times',
  finding,
  `
  select 'transfer ' || key as subject, 'was posted at ' || posted_at || ', before the one ahead of it at ' || before as detail
    from (select key, posted_at, lag(posted_at) over (order by key) as before from ledger.transfers) t
   where posted_at < before
   order by key limit 100`,
);
