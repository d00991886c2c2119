import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { StatementId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';

const statementRow = z.object({
  key: z.bigint(),
  id: StatementId,
  kind: z.int(),
  party: z.int(),
  number: z.int(),
  currency: Currency,
  startsAt: z.date().nullable(),
  endsAt: z.date(),
  cutBatch: z.bigint(),
  beforeEndsAt: z.date().nullable(),
  beforeCutBatch: z.bigint().nullable(),
  issuedAt: z.date(),
  openingUnits: z.bigint(),
  earningUnits: z.bigint(),
  adjustmentUnits: z.bigint(),
  payableUnits: z.bigint(),
  carriedUnits: z.bigint(),
  nettedUnits: z.bigint(),
  lines: z.int(),
  firstDeal: z.bigint().nullable(),
  lastDeal: z.bigint().nullable(),
  firstAward: z.bigint().nullable(),
  lastAward: z.bigint().nullable(),
  document: z.string(),
  hash: z.string(),
  previousHash: z.string().nullable(),
  kid: z.string(),
  signature: z.string(),
  paidAt: z.date().nullable(),
});

const COLUMNS = `s.key, s.id, s.kind, s.party, s.number, s.currency, s.starts_at as "startsAt", s.ends_at as "endsAt",
         s.cut_batch as "cutBatch", b.ends_at as "beforeEndsAt", b.cut_batch as "beforeCutBatch", s.issued_at as "issuedAt",
         s.opening_units as "openingUnits", s.earning_units as "earningUnits", s.adjustment_units as "adjustmentUnits",
         s.payable_units as "payableUnits", s.carried_units as "carriedUnits", s.netted_units as "nettedUnits", s.lines,
         s.first_deal as "firstDeal", s.last_deal as "lastDeal", s.first_award as "firstAward", s.last_award as "lastAward",
         s.document, s.hash, s.previous_hash as "previousHash", s.kid, s.signature,
         (select p.paid_at from payouts.paid_statements p where p.statement_key = s.key limit 1) as "paidAt"` as const;

const STATEMENT = `
  select ${COLUMNS}
    from payouts.statements s
    left join payouts.statements b on b.key = s.previous_key` as const;

/** One that the caller reaches: all, or one beneficiary's. */
export const statementOfId = query(
  'payouts.statement_of_id',
  statementRow,
  `${STATEMENT} where s.id = :id and (:kind::smallint is null or (s.kind = :kind and s.party = :party))`,
);

/** By its place in a beneficiary's chain. */
export const statementOfNumber = query(
  'payouts.statement_of_number',
  statementRow,
  `${STATEMENT} where s.kind = :kind and s.party = :party and s.number = :number`,
);

/** Statements in the order in which they were made, for whoever looks at all. */
export const nextStatements = query(
  'payouts.next_statements',
  statementRow,
  `${STATEMENT} where s.key > :after order by s.key limit :limit`,
);

export const pageOfStatements = pagedQuery(
  'payouts.page_of_statements',
  statementRow,
  `${STATEMENT}
   where (:kind::smallint is null or (s.kind = :kind and s.party = :party))
     and (:currency::text is null or s.currency = :currency)
     and (:from::timestamptz is null or s.ends_at >= :from)
     and (:to::timestamptz is null or s.ends_at < :to)
     and (:state::text is null or :state = case
            when exists (select from payouts.paid_statements p where p.statement_key = s.key) then 'paid'
            when s.payable_units > 0 then 'unpaid' else 'carried' end)`,
  {
    sorts: { issuedAt: { column: 'issuedAt', type: 'timestamptz' } },
    unique: { column: 'key', schema: z.bigint(), type: 'bigint' },
  },
);

/** How long a beneficiary's chain is. */
export const chainLength = query(
  'payouts.chain_length',
  z.object({ last: z.int() }),
  `select coalesce(max(number), 0) as last from payouts.statements where kind = :kind and party = :party`,
);

const lineRow = z.object({
  source: z.enum(['trade', 'award']),
  sourceKey: z.bigint(),
  revision: z.int(),
  component: z.int(),
  depth: z.int(),
  units: z.bigint(),
  earnedAt: z.date(),
  planVersionKey: z.int().nullable(),
});

const LINE = `
  select e.source, e.source_key as "sourceKey", e.revision, e.component, e.depth, e.units, e.earned_at as "earnedAt",
         e.plan_version_key as "planVersionKey"
    from commissions.entries e` as const;
const OF_STATEMENT = `e.kind = :kind and e.beneficiary = :party and e.source_key between :firstKey and :lastKey
     and e.currency = :currency and e.batch_key <= :cutBatch and e.earned_at < :endsAt
     and (:beforeEndsAt::timestamptz is null or not (e.batch_key <= :beforeCutBatch and e.earned_at < :beforeEndsAt))
     and (e.source_key, e.revision, e.component) > (:afterKey::bigint, :afterRevision::smallint, :afterComponent::smallint)
   order by e.source_key, e.revision, e.component
   limit :limit` as const;

/**
 * The entries of a statement behind one of them, by the rule by which it was made and in the order of its hash: first awards,
 * then trades, each by an index that has their order.
 */
export const awardLines = query('payouts.award_lines', lineRow, `${LINE} where e.source = 'award' and ${OF_STATEMENT}`);
export const tradeLines = query('payouts.trade_lines', lineRow, `${LINE} where e.source = 'trade' and ${OF_STATEMENT}`);

/** What may be paid out: said to be payable, not paid, and its beneficiary not on hold at present. */
export const unpaidStatements = query(
  'payouts.unpaid_statements',
  z.object({
    key: z.bigint(),
    id: StatementId,
    kind: z.int(),
    party: z.int(),
    number: z.int(),
    currency: Currency,
    endsAt: z.date(),
    payableUnits: z.bigint(),
  }),
  `
  select s.key, s.id, s.kind, s.party, s.number, s.currency, s.ends_at as "endsAt", s.payable_units as "payableUnits"
    from payouts.statements s
   where s.payable_units > 0 and s.key > :after
     and (:currency::text is null or s.currency = :currency)
     and (:kind::smallint is null or s.kind = :kind)
     and not exists (select from payouts.paid_statements p where p.statement_key = s.key)
     and not coalesce((select (h.terms ->> 'onHold')::boolean from payouts.schedules h
                        where h.kind = s.kind and h.party = s.party and h.valid_from <= clock_timestamp()
                        order by h.valid_from desc limit 1),
                      (select (d.terms ->> 'onHold')::boolean from payouts.schedules d
                        where d.kind = 0 and d.valid_from <= clock_timestamp() order by d.valid_from desc limit 1), false)
   order by s.key limit :limit`,
);

/** Takes statements of which nobody has been told yet; whoever else tells passes them over. */
export const takeNotices = query(
  'payouts.take_statement_notices',
  z.object({ key: z.bigint() }),
  `
  with taken as (
    select statement_key from payouts.statement_notices where sent_at is null order by statement_key limit :limit for update skip locked
  )
  update payouts.statement_notices n set sent_at = clock_timestamp()
    from taken where n.statement_key = taken.statement_key
  returning n.statement_key as key`,
);

export const statementsOfKeys = query(
  'payouts.statements_of_keys',
  statementRow,
  `${STATEMENT} where s.key = any (:keys::bigint[]) order by s.key`,
);
