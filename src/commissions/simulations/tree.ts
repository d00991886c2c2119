import { type ChainLevel, chainsOf, type UplineAt, uplinesOf } from '../../ib/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { TreeReader } from '../inputs/frames.ts';
import type { LinkStatus } from '../types.ts';
import { simulationProblem } from './errors.ts';

/** The tree as it is assumed, by keys; instants in UTC, ms. */
export type AssumedTree = {
  readonly moves: ReadonlyMap<number, { readonly parentKey: number | null; readonly fromMs: number }>;
  readonly clients: ReadonlyMap<number, { readonly ibKey: number | null; readonly fromMs: number }>;
  readonly statuses: ReadonlyMap<number, { readonly status: LinkStatus; readonly fromMs: number }>;
};

const LEVELS_MAX = 1_000;

/**
 * The chain above a client as it is assumed: from the IB that the client is assumed to belong to, and at each IB that is assumed to
 * be moved on with what is above its new parent. `commissions.simulation_cycle` where an IB would come above itself.
 */
function assumedChain(
  known: readonly ChainLevel[],
  clientKey: number,
  atMs: number,
  { tree, uplineAt }: { readonly tree: AssumedTree; readonly uplineAt: UplineAt },
): ChainLevel[] {
  const client = tree.clients.get(clientKey);
  const isMoved = client !== undefined && client.fromMs <= atMs;
  let rest = isMoved ? (client.ibKey === null ? [] : uplineAt(client.ibKey, atMs)) : known;
  const chain: ChainLevel[] = [];
  const above = new Set<number>();
  while (rest.length > 0 && chain.length < LEVELS_MAX) {
    const [next, ...further] = rest;
    if (next === undefined) break;
    if (above.has(next.ibKey)) throw simulationProblem('commissions.simulation_cycle');
    above.add(next.ibKey);
    const status = tree.statuses.get(next.ibKey);
    chain.push({
      ibKey: next.ibKey,
      depth: chain.length,
      status: status !== undefined && status.fromMs <= atMs ? status.status : next.status,
    });
    const move = tree.moves.get(next.ibKey);
    const moved = move !== undefined && move.fromMs <= atMs;
    rest = moved ? (move.parentKey === null ? [] : uplineAt(move.parentKey, atMs)) : further;
  }
  return chain;
}

/** What is above the IBs to which anybody is assumed to be moved. */
export const uplinesFor = (tx: TenantTx, { moves, clients }: AssumedTree): Promise<UplineAt> =>
  uplinesOf(tx, [
    ...new Set([
      ...[...moves].flatMap(([ibKey, { parentKey }]) => (parentKey === null ? [ibKey] : [ibKey, parentKey])),
      ...[...clients.values()].flatMap(({ ibKey }) => (ibKey === null ? [] : [ibKey])),
    ]),
  ]);

/** Refuses moves that would put an IB below itself, at the beginning of the range or whenever a move begins. */
export function refuseCycles(tree: AssumedTree, uplineAt: UplineAt, atMs: readonly number[]): void {
  const instants = [...atMs, ...[...tree.moves.values()].map(({ fromMs }) => fromMs)].filter(Number.isFinite);
  for (const instant of instants)
    for (const ibKey of tree.moves.keys()) assumedChain(uplineAt(ibKey, instant), -1, instant, { tree, uplineAt });
}

/** Reads chains as they are assumed, by one knowledge of the tree however long it takes. */
export function assumedTreeReader(tree: AssumedTree, uplineAt: UplineAt): TreeReader {
  const isAsKnown = tree.moves.size + tree.clients.size + tree.statuses.size === 0;
  let firstKnownAt: Date | undefined;
  return async (tx, pairs, asKnownAt) => {
    let found = await chainsOf(tx, pairs, asKnownAt);
    firstKnownAt ??= found.knownAt;
    // The tree has changed meanwhile: all pages of a simulation look at the one that the first has seen.
    if (asKnownAt === undefined && found.knownAt.getTime() !== firstKnownAt.getTime())
      found = await chainsOf(tx, pairs, firstKnownAt);
    if (isAsKnown) return found;
    const chains = found.chains.map((chain, place) => {
      const pair = pairs[place];
      if (pair === undefined) return chain;
      const levels = assumedChain(chain?.levels ?? [], pair.clientKey, pair.atMs, { tree, uplineAt });
      return levels.length === 0 ? null : { linkKey: chain?.linkKey ?? 0, levels };
    });
    return { knownAt: found.knownAt, chains };
  };
}
