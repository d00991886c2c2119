import type { Reach } from '../platform/access.ts';

const WAYS = ':reachUserId::uuid, :reachDeskIds::uuid[], :reachClientId::uuid, :reachSubtreeId::uuid';

/**
 * A condition for statements that list what belongs to clients: the column with the client's key is one that the caller
 * reaches. The array is made once, from indexes, and then drives the statement by the column's own index; where the caller
 * reaches everything, the planner drops the condition. Bind it with `reachParams`.
 */
export const withinReach = <const Column extends string>(column: Column) =>
  `(:reachAll::boolean or ${column} = any (array(select reached.client_key from clients.reached(${WAYS}) reached)))` as const;

/** The same for a statement that reads one object: asks from the client upward, never for the whole subtree. */
export const isWithinReach = <const Column extends string>(column: Column) =>
  `(:reachAll::boolean or clients.is_reached(${column}, ${WAYS}))` as const;

/** The parameters of `withinReach` and `isWithinReach`. That an IB is the caller's own gives none of its clients; its subtree does. */
export const reachParams = (reach: Reach) => ({
  reachAll: reach.everything,
  reachUserId: reach.userId,
  reachDeskIds: reach.deskIds,
  reachClientId: reach.clientId,
  reachSubtreeId: reach.subtreeOf,
});
