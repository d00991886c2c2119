import { z } from 'zod';
import { IbId } from '../../kernel/ids.ts';
import { pagedQuery } from '../../platform/paging.ts';
import { query } from '../../platform/query.ts';
import { isAmongReached, isIbWithinReach, ibsWithinReach } from '../reach.ts';

const status = z.enum(['active', 'suspended', 'terminated']);

const ibRow = z.object({
  key: z.int(),
  id: IbId,
  name: z.string(),
  parentId: IbId.nullable(),
  status,
  joinedAt: z.date(),
  referralCode: z.string(),
});
export type IbRow = z.infer<typeof ibRow>;

/** What an IB is at an instant; the one above it only where the asker reaches that one too. */
const presentWhere = <const Condition extends string>(parentIsReached: Condition) =>
  `
    join ib.edges e on e.child_key = i.key and e.superseded_at = 'infinity' and e.valid_from <= :at::timestamptz and :at::timestamptz < e.valid_to
    left join ib.ibs p on p.key = e.parent_key and ${parentIsReached}
    left join ib.statuses s on s.ib_key = i.key and s.superseded_at = 'infinity' and s.valid_from <= :at::timestamptz and :at::timestamptz < s.valid_to` as const;
/** For one row or few: each parent is asked from below. For lists: all that is reached, once, as a set to look into. */
const presentOfFew = presentWhere(isIbWithinReach('p.key'));
const presentOfMany = presentWhere(isAmongReached('p.key'));
const columns = `i.key, i.id, i.name, p.id as "parentId", coalesce(s.status, 'active') as status, i.valid_from as "joinedAt",
         i.referral_code as "referralCode"`;

export const pageOfIbs = pagedQuery(
  'ib.page',
  ibRow,
  `select ${columns}
     from ib.ibs i${presentOfMany}
    where ${ibsWithinReach('i.key')}
      and (:status::text is null or coalesce(s.status, 'active') = :status::text)
      and (:parentId::uuid is null or p.id = :parentId::uuid)
      and (:text::text is null or position(lower(:text::text) in lower(i.name)) > 0)`,
  {
    sorts: { name: { column: 'name', type: 'text' }, joinedAt: { column: 'joinedAt', type: 'timestamptz' } },
    unique: { column: 'id', schema: IbId, type: 'uuid' },
  },
);

export const ibWithinReach = query(
  'ib.within_reach',
  ibRow,
  `select ${columns} from ib.ibs i${presentOfFew} where i.id = :id and ${isIbWithinReach('i.key')}`,
);

const relativeRow = z.object({ id: IbId, name: z.string(), parentId: IbId.nullable(), status, depth: z.int() });
export type RelativeRow = z.infer<typeof relativeRow>;
const relativeColumns = `i.id, i.name, p.id as "parentId", coalesce(s.status, 'active') as status, c.depth::integer as depth`;
const byDepth = {
  sorts: { depth: { column: 'depth', type: 'integer' } },
  unique: { column: 'id', schema: IbId, type: 'uuid' },
} as const;

/** Who was above an IB at an instant, as far as the asker reaches: whoever is above his own top is not there for him. */
export const pageOfAncestors = pagedQuery(
  'ib.page_of_ancestors',
  relativeRow,
  `select ${relativeColumns}
     from ib.closure c
     join ib.ibs i on i.key = c.ancestor_key${presentOfFew}
    where c.descendant_key = :key::integer and c.depth > 0 and c.superseded_at = 'infinity'
      and c.valid_from <= :at::timestamptz and :at::timestamptz < c.valid_to and ${isIbWithinReach('i.key')}`,
  byDepth,
);

/** Who was below an IB at an instant. Whoever has left the asker's own subtree since is not there for him. */
export const pageOfDescendants = pagedQuery(
  'ib.page_of_descendants',
  relativeRow,
  `select ${relativeColumns}
     from ib.closure c
     join ib.ibs i on i.key = c.descendant_key${presentOfMany}
    where c.ancestor_key = :key::integer and c.depth > 0 and c.superseded_at = 'infinity'
      and c.valid_from <= :at::timestamptz and :at::timestamptz < c.valid_to
      and (:depthMax::integer is null or c.depth <= :depthMax::integer) and ${isAmongReached('i.key')}`,
  byDepth,
);

/** The IB that a code names, if it is active at the instant. */
export const activeIbOfCode = query(
  'ib.active_ib_of_code',
  z.object({ key: z.int(), id: IbId }),
  `select i.key, i.id
     from ib.ibs i
    where i.referral_code = :code::text and i.valid_from <= :at::timestamptz
      and not exists (select from ib.statuses s where s.ib_key = i.key and s.superseded_at = 'infinity'
                         and s.valid_from <= :at::timestamptz and :at::timestamptz < s.valid_to)`,
);
