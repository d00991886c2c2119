import { type ApprovalId, IbId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { ibProblem } from '../errors.ts';
import * as shared from '../queries.ts';
import { slicesOf } from '../rules.ts';
import { type KnownIb, beginChange, ibOfId, mustBeThere, readNow } from '../store.ts';
import type { CreatedIb, IbAsOf, Moved, NewIb, Relative } from '../types.ts';
import * as queries from './queries.ts';

/** Rows of one statement and of one event; a longer list is written in several, within the caller's transaction. */
const ROWS_MAX = 10_000;

/** An IB that is being created, with all that its rows need. */
type Placed = {
  readonly id: IbId;
  readonly key: number;
  readonly validFrom: Date;
  readonly parentKey: number | null;
  readonly level: number;
};

/** Creates one IB under a parent or as a master. Errors as `createIbs`. */
export const createIb = async (tx: TenantTx, ib: NewIb & { readonly parent: IbId | null }): Promise<CreatedIb> =>
  onlyRow(await createIbs(tx, [ib]));

/**
 * Creates IBs as a set, parents before children, and gives their keys in the order given. One event per ten thousand.
 * `ib.exists`, `ib.unknown` (parent), `ib.parent_not_before`, `ib.not_yet_valid` if a parent joins later than its child.
 */
export async function createIbs(tx: TenantTx, ibs: readonly NewIb[]): Promise<CreatedIb[]> {
  if (ibs.length === 0) return [];
  const recordedAt = await beginChange(tx);
  const created = await insertIbs(tx, ibs, recordedAt);
  const placed = place(ibs, created, await parentsOutside(tx, ibs));
  for (const slice of slicesOf(placed, ROWS_MAX))
    await queries.insertFirstEdges(tx, { ...columnsOf(slice), recordedAt });
  for (const level of byLevel(placed))
    for (const slice of slicesOf(level, ROWS_MAX))
      await queries.insertFirstClosure(tx, { ...columnsOf(slice), recordedAt });
  for (const slice of slicesOf(placed, ROWS_MAX)) emitCreated(tx, slice);
  return created;
}

async function insertIbs(tx: TenantTx, ibs: readonly NewIb[], recordedAt: Date): Promise<CreatedIb[]> {
  const created: CreatedIb[] = [];
  for (const slice of slicesOf(ibs, ROWS_MAX)) {
    const ids = slice.map((ib) => ib.id ?? IbId.parse(idFromUuid('ibr', newUuid(recordedAt.getTime()))));
    const validFroms = slice.map((ib) => ib.validFrom ?? recordedAt);
    const rows = await queries.insertIbs(tx, { ids, names: slice.map((ib) => ib.name), validFroms, recordedAt });
    const keys = new Map(rows.map((row) => [row.place, row.key]));
    ids.forEach((id, index) => {
      const key = keys.get(index + 1);
      const validFrom = validFroms[index];
      if (key === undefined || validFrom === undefined || rows.length !== slice.length)
        throw ibProblem('ib.exists', { detail: id });
      created.push({ key, id, validFrom });
    });
  }
  return created;
}

/** The parents that the call names by id. */
async function parentsOutside(tx: TenantTx, ibs: readonly NewIb[]): Promise<ReadonlyMap<string, KnownIb>> {
  const ids = [...new Set(ibs.flatMap((ib) => (typeof ib.parent === 'string' ? [ib.parent] : [])))];
  const found = ids.length === 0 ? [] : await shared.ibsOfIds(tx, { ids });
  return new Map(found.map((row) => [row.id, row]));
}

/** Finds each IB's parent and its level within the call: a level's closure needs the one above it to be written. */
function place(ibs: readonly NewIb[], created: readonly CreatedIb[], outside: ReadonlyMap<string, KnownIb>): Placed[] {
  const placed: Placed[] = [];
  const inside = new Map<string, Placed>();
  created.forEach((ib, index) => {
    const parent = ibs[index]?.parent ?? null;
    const within = typeof parent === 'number' ? placed[parent] : parent === null ? undefined : inside.get(parent);
    const above = parent === null ? null : (within ?? outside.get(String(parent)));
    if (above === undefined) {
      const later = typeof parent === 'number' || created.some((other) => other.id === parent);
      throw ibProblem(later ? 'ib.parent_not_before' : 'ib.unknown', { detail: String(parent) });
    }
    if (above !== null) mustBeThere(above, ib.validFrom);
    const each = { ...ib, parentKey: above?.key ?? null, level: within === undefined ? 0 : within.level + 1 };
    placed.push(each);
    inside.set(ib.id, each);
  });
  return placed;
}

function byLevel(placed: readonly Placed[]): Placed[][] {
  const levels: Placed[][] = [];
  for (const ib of placed) (levels[ib.level] ??= []).push(ib);
  return levels;
}

const columnsOf = (placed: readonly Placed[]) => ({
  childKeys: placed.map((ib) => ib.key),
  parentKeys: placed.map((ib) => ib.parentKey),
  validFroms: placed.map((ib) => ib.validFrom),
});

function emitCreated(tx: TenantTx, placed: readonly Placed[]): void {
  const [only] = placed;
  emit(tx, {
    stream: placed.length === 1 && only !== undefined ? `ib/${only.id}` : 'ib',
    type: 'ib.created',
    schemaVersion: 1,
    payload: {
      ibs: placed.map((ib) => ({
        key: ib.key,
        id: ib.id,
        parentKey: ib.parentKey,
        validFrom: ib.validFrom.toISOString(),
      })),
    },
  });
}

type Move = {
  readonly ibId: IbId;
  readonly parentId: IbId | null;
  readonly effectiveAt?: Date;
  /** Whether it corrects the past: then it may take effect before now. Whoever says so has seen to it that somebody agrees. */
  readonly backdated?: boolean;
};

/**
 * The edge of an IB that holds at an instant (now unless given), undefined where none does; holds off other changes of the
 * tree until the transaction ends. `ib.unknown`.
 */
export async function edgeOf(tx: TenantTx, { ibId, effectiveAt }: Omit<Move, 'parentId'>) {
  const recordedAt = await beginChange(tx);
  const { key } = await ibOfId(tx, ibId);
  const [edge] = await queries.edgeAt(tx, { childKey: key, at: effectiveAt ?? recordedAt });
  return edge;
}

/**
 * Whether a move can be made as things stand, and which edge it would end; holds off other changes of the tree until the
 * transaction ends. Errors as `moveIb`.
 */
export async function foreseeMove(tx: TenantTx, move: Move) {
  const recordedAt = await beginChange(tx);
  const at = move.effectiveAt ?? recordedAt;
  if (at < recordedAt && move.backdated !== true)
    throw ibProblem('ib.move_backdated', { detail: `Asked ${at.toISOString()}, it is ${recordedAt.toISOString()}` });
  if (at > recordedAt && move.backdated === true)
    throw ibProblem('ib.move_ahead', { detail: `Asked ${at.toISOString()}, it is ${recordedAt.toISOString()}` });
  const ib = await ibOfId(tx, move.ibId);
  const parent = move.parentId === null ? null : await ibOfId(tx, move.parentId);
  mustBeThere(ib, at);
  if (parent !== null) mustBeThere(parent, at);
  const edge = onlyRow(await queries.edgeAt(tx, { childKey: ib.key, at }));
  const parentKey = parent?.key ?? null;
  if (edge.parentKey === parentKey) throw ibProblem('ib.move_unchanged', { detail: move.ibId });
  if (parentKey !== null) {
    const span = { validFrom: at, validTo: edge.validTo };
    const [below] = await queries.isEverBelow(tx, { lowerKey: parentKey, upperKey: ib.key, ...span });
    if (below !== undefined)
      throw ibProblem('ib.cycle', {
        detail: `${move.parentId} is below ${move.ibId} at ${below.validFrom.toISOString()}`,
      });
  }
  return { recordedAt, at, ibKey: ib.key, parentKey, edge };
}

/**
 * Moves an IB with all below it under another parent, or makes it a master, now or at a later instant, or as of an earlier
 * one (`backdated`): then the tree of the past is another from now on, and what was known of it stays known. The move holds
 * until the IB's next move that is scheduled already, which stays as it was scheduled; a move at the very instant of a
 * scheduled one takes its place. Errors: `ib.unknown`, `ib.move_backdated`, `ib.move_ahead`, `ib.not_yet_valid`,
 * `ib.move_unchanged`, `ib.cycle` if at any time while it holds the new parent is the IB itself or below it.
 */
export async function moveIb(
  tx: TenantTx,
  move: Move & { readonly reason: string; readonly approvalId?: ApprovalId },
): Promise<Moved> {
  const { recordedAt, at, ibKey, parentKey, edge } = await foreseeMove(tx, move);
  const span = { ibKey, validFrom: at, validTo: edge.validTo };
  await queries.replaceEdge(tx, { childKey: ibKey, parentKey, at, recordedAt, reason: move.reason });
  await queries.detach(tx, { ...span, recordedAt });
  if (parentKey !== null) await queries.attach(tx, { ...span, parentKey, recordedAt });
  const moved = { effectiveAt: at, until: edge.validTo, recordedAt };
  emit(tx, {
    stream: `ib/${move.ibId}`,
    type: 'ib.moved',
    schemaVersion: 1,
    payload: {
      ibId: move.ibId,
      parentId: move.parentId,
      before: { parentId: edge.parentId },
      after: { parentId: move.parentId },
      effectiveAt: at.toISOString(),
      until: edge.validTo?.toISOString() ?? null,
      recordedAt: recordedAt.toISOString(),
      reason: move.reason,
      approvalId: move.approvalId ?? null,
    },
  });
  return moved;
}

/** A question about the tree: as of an instant (now unless given), and as it was known at another (at present unless given). */
type TreeQuestion = { readonly ibId: IbId; readonly at?: Date; readonly knownAt?: Date };

/** The IB itself (depth 0) and all above it, nearest first; empty if it was not part of the tree then. */
export async function uplineOf(tx: TenantTx, { ibId, at, knownAt }: TreeQuestion): Promise<Relative[]> {
  const asOf = at ?? (await readNow(tx));
  return knownAt === undefined
    ? queries.uplineOf(tx, { ibId, at: asOf })
    : queries.uplineKnownAt(tx, { ibId, at: asOf, knownAt });
}

/** The IB itself (depth 0) and all below it, nearest first; empty if it was not part of the tree then. */
export async function downlineOf(tx: TenantTx, { ibId, at, knownAt }: TreeQuestion): Promise<Relative[]> {
  const asOf = at ?? (await readNow(tx));
  return knownAt === undefined
    ? queries.downlineOf(tx, { ibId, at: asOf })
    : queries.downlineKnownAt(tx, { ibId, at: asOf, knownAt });
}

/** IBs with parent and status as of an instant (now unless given): those asked for by key, or the whole tree. */
export async function ibsAsOf(
  tx: TenantTx,
  { keys, at }: { keys?: readonly number[]; at?: Date } = {},
): Promise<IbAsOf[]> {
  return queries.ibsAsOf(tx, { keys: keys ?? null, at: at ?? (await readNow(tx)) });
}
