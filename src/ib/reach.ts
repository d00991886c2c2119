import type { Reach } from '../platform/access.ts';

const REACHED = `select b.ib_key from ib.ibs_below(:reachSubtreeId::uuid) b
                  union select own.ib_key from ib.ibs_below(:reachIbId::uuid) own where own.depth = 0`;

/**
 * A condition for statements that list IBs: the column with the IB's key is one that the caller reaches, because he reaches
 * all, because it is his own, or because it is his own or below it. Drives the statement by the column's own index. Bind
 * it with `ibReachParams`.
 */
export const ibsWithinReach = <const Column extends string>(column: Column) =>
  `(:reachAll::boolean or ${column} = any (array(${REACHED})))` as const;

/** The same where something else drives the statement: each row is looked up in the set of all that is reached. */
export const isAmongReached = <const Column extends string>(column: Column) =>
  `(:reachAll::boolean or ${column} in (${REACHED}))` as const;

/** The same for single objects: asks from the IB upward, never for the whole subtree. */
export const isIbWithinReach = <const Column extends string>(column: Column) =>
  `(:reachAll::boolean
        or ib.is_ib_below(${column}, :reachSubtreeId::uuid)
        or ${column} = (select own.ib_key from ib.ibs_below(:reachIbId::uuid) own where own.depth = 0))` as const;

/** The parameters of `ibsWithinReach` and `isIbWithinReach`. IBs are not assigned to anybody and belong to no desk. */
export const ibReachParams = (reach: Reach) => ({
  reachAll: reach.everything,
  reachSubtreeId: reach.subtreeOf,
  reachIbId: reach.ibId,
});
