import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { LedgerAccountId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { accountClasses, type AccountKey, purposes, sides, transferKinds } from '../types.ts';

const accountKey = z.int().transform((key) => key as AccountKey);

const accountRow = z.object({
  key: accountKey,
  id: LedgerAccountId,
  purpose: z.enum(purposes),
  class: z.enum(accountClasses),
  owner: z.int(),
  currency: Currency,
  normalSide: z.enum(sides),
  balance: z.bigint(),
  held: z.bigint(),
  version: z.bigint(),
});

const columns = `
  a.key, a.id, a.purpose, p.class, a.owner, a.currency, a.normal_side as "normalSide", a.version,
  case a.normal_side when 'credit' then a.posted_credits - a.posted_debits else a.posted_debits - a.posted_credits end as balance,
  case a.normal_side when 'credit' then a.pending_debits else a.pending_credits end as held`;

/** Accounts are reached by whom they belong to: a key that is null belongs to nobody. */
const reached = `
  (:everything::boolean or a.purpose = any (:ibPurposes::text[]) and a.owner = :ibKey
                        or a.purpose = any (:clientPurposes::text[]) and a.owner = :clientKey)`;

/** Keys rise in the order in which accounts are opened; opening times are compared in the milliseconds that postings have. */
export const pageOfLedgerAccounts = pagedQuery(
  'ledger.page_of_accounts',
  accountRow,
  `
  select ${columns}
    from ledger.accounts a
    join ledger.purposes p on p.purpose = a.purpose
   where ${reached}
     and (:purpose::text is null or a.purpose = :purpose)
     and (:currency::text is null or a.currency = :currency)
     and (:ownerKey::integer is null or a.purpose = any (:ownerPurposes::text[]) and a.owner = :ownerKey)
     and (:asOf::timestamptz is null or date_trunc('milliseconds', a.created_at) <= :asOf)`,
  {
    sorts: { opened: { column: 'key', type: 'integer' } },
    unique: { column: 'id', schema: LedgerAccountId, type: 'uuid' },
  },
);

export const accountOfId = query(
  'ledger.account_of_id',
  accountRow,
  `
  select ${columns}
    from ledger.accounts a
    join ledger.purposes p on p.purpose = a.purpose
   where a.id = :id and ${reached}
     and (:asOf::timestamptz is null or date_trunc('milliseconds', a.created_at) <= :asOf)`,
);

/** Posted balances of accounts at an instant, and how many transfers had touched each: halving, a few index probes each. */
export const accountsAsOf = query(
  'ledger.accounts_as_of',
  z.object({ key: accountKey, balance: z.bigint(), version: z.bigint() }),
  `
  select a.key, v.version, coalesce(e.balance_after, 0) as balance
    from unnest(:keys::integer[]) as a (key)
   cross join lateral (select ledger.version_as_of(a.key, :asOf) as version offset 0) v
    left join lateral (select balance_after from ledger.entries where account = a.key and ledger.entries.version = v.version) e on true`,
);

/** An account's transfers below a version, newest first, with the id of the other account. */
export const pageOfEntries = query(
  'ledger.page_of_entries',
  z.object({
    version: z.bigint(),
    side: z.enum(sides),
    kind: z.enum(transferKinds),
    units: z.bigint(),
    currency: Currency,
    counterAccountId: LedgerAccountId,
    balanceAfter: z.bigint(),
    reference: z.string(),
    leg: z.int(),
    postedAt: z.date(),
    effectiveAt: z.date(),
  }),
  `
  select e.version, e.side, e.kind, e.units, e.currency, c.id as "counterAccountId", e.balance_after as "balanceAfter",
         e.reference, e.leg, e.posted_at as "postedAt", e.effective_at as "effectiveAt"
    from (select * from ledger.entries where account = :account and version < :below order by version desc limit :limit) e
    join ledger.accounts c on c.key = e.counter_account
   order by e.version desc`,
);

/** How many transfers had touched an account at an instant. */
export const versionAsOf = query(
  'ledger.version_as_of',
  z.object({ version: z.bigint() }),
  `
  select ledger.version_as_of(:account, :asOf) as version`,
);
