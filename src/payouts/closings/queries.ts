import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { ApprovalId, ClosingId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';

const closingRow = z.object({
  key: z.int(),
  id: ClosingId,
  until: z.date(),
  cutBatch: z.bigint(),
  cutAt: z.date(),
  previousKey: z.int().nullable(),
  acknowledged: z.array(z.string()),
  reason: z.string(),
  requestedBy: z.string(),
  approvedBy: z.array(z.string()),
  approvalId: ApprovalId,
});

const columns = `c.key, c.id, c.until, c.cut_batch as "cutBatch", c.cut_at as "cutAt", c.previous_key as "previousKey",
         c.acknowledged, c.reason, c.requested_by as "requestedBy", c.approved_by as "approvedBy", c.approval_id as "approvalId"` as const;

const since = `(select p.until from payouts.closings p where p.key = c.previous_key) as "since"` as const;
const listed = closingRow.extend({ since: z.date().nullable() });

export const lastClosing = query(
  'payouts.last_closing',
  closingRow,
  `select ${columns} from payouts.closings c order by c.until desc limit 1`,
);

export const closingOfId = query(
  'payouts.closing_of_id',
  listed,
  `select ${columns}, ${since} from payouts.closings c where c.id = :id`,
);

export const closingOfKey = query(
  'payouts.closing_of_key',
  closingRow,
  `select ${columns} from payouts.closings c where c.key = :key`,
);

export const pageOfClosings = pagedQuery(
  'payouts.page_of_closings',
  listed,
  `select ${columns}, ${since} from payouts.closings c`,
  {
    sorts: { until: { column: 'until', type: 'timestamptz' } },
    unique: { column: 'id', schema: ClosingId, type: 'uuid' },
  },
);

export const insertClosing = query(
  'payouts.insert_closing',
  z.object({ key: z.int() }),
  `
  insert into payouts.closings
    (id, until, cut_batch, cut_at, previous_key, acknowledged, reason, requested_by, approved_by, approval_id)
  values (:id, :until, :cutBatch, :cutAt, :previousKey, :acknowledged::text[], :reason, :requestedBy, :approvers::text[], :approvalId)
  returning key`,
);

/** The present instant of the tenant's database. */
export const databaseNow = query(
  'payouts.read_now',
  z.object({ now: z.date() }),
  `select date_trunc('milliseconds', clock_timestamp()) as now`,
);

/** Cycles that ended up to an instant and whose statements are not all made. */
export const unissuedCycles = query(
  'payouts.unissued_cycles',
  z.object({ count: z.int() }),
  `
  select count(*)::integer as count
    from (select from payouts.cycles where done_at is null and ends_at <= :until limit :max) c`,
);

export const undecidedDisputes = query(
  'payouts.undecided_disputes',
  z.object({ count: z.int() }),
  `
  select count(*)::integer as count
    from (select from payouts.disputes where state in ('open', 'answered') and opened_at < :until limit :max) d`,
);

/** Figures are written once; a second writer changes nothing. */
export const insertFigures = query(
  'payouts.insert_closing_figures',
  z.object({}),
  `
  insert into payouts.closing_figures (closing_key, currency, kind, entries, units, late_units)
  select :key, currency, kind, entries, units, late_units
    from unnest(:currencies::text[], :kinds::text[], :entries::bigint[], :units::numeric[], :lateUnits::numeric[])
      as f (currency, kind, entries, units, late_units)
  on conflict do nothing`,
);

const figureRow = z.object({
  currency: z.union([Currency, z.literal('-')]),
  kind: z.enum(['ib', 'client', 'house']),
  entries: z.bigint(),
  units: z.string().transform(BigInt),
  lateUnits: z.string().transform(BigInt),
});

export const figuresOf = query(
  'payouts.closing_figures',
  figureRow,
  `
  select currency, kind, entries, units::text as units, late_units::text as "lateUnits"
    from payouts.closing_figures where closing_key = :key order by currency, kind`,
);

/** Closings without figures, oldest first. */
export const closingsWithoutFigures = query(
  'payouts.closings_without_figures',
  z.object({ key: z.int() }),
  `
  select c.key from payouts.closings c
   where not exists (select from payouts.closing_figures f where f.closing_key = c.key)
   order by c.key limit :max`,
);

export const closingsAfter = query(
  'payouts.closings_after',
  closingRow,
  `select ${columns} from payouts.closings c where c.key > :after order by c.key limit :max`,
);
