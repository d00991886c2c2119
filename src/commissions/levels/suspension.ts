import type { ChainLink, LevelReason } from '../types.ts';

/**
 * Positions never shift: the part of an IB that is not active moves to the next active one above, else to the house. Gives the
 * weights after that, and fills `reasons`, one per IB, when given; `whyNone` says why a level has no part of its own.
 */
export function movedUp(
  chain: readonly ChainLink[],
  partOf: (depth: number) => bigint,
  whyNone: (depth: number) => LevelReason,
  reasons?: LevelReason[],
): bigint[] {
  const weights: bigint[] = [];
  let moved = 0n;
  for (const [depth, link] of chain.entries()) {
    const own = partOf(depth);
    const active = link.status === 'active';
    weights.push(active ? own + moved : 0n);
    reasons?.push(
      !active ? 'suspended_moved_up' : moved > 0n ? 'own_and_moved_part' : own > 0n ? 'own_part' : whyNone(depth),
    );
    moved = active ? 0n : moved + own;
  }
  return weights;
}
