import type { z } from 'zod';
import type { ApprovalId } from '../../kernel/ids.ts';
import type { Caller, Reach } from '../../platform/access.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { Approval } from './contract.ts';
import * as queries from './queries.ts';
import type { ApprovalState } from './types.ts';

type ApprovalView = z.input<typeof Approval>;

/** The person who answers for what a caller does: for a key, who made it. */
export const personBehind = async (tx: TenantTx, { kind, id }: Caller): Promise<string> =>
  kind === 'api_key' ? onlyRow(await queries.makerOfKey(tx, { keyId: id })).createdBy : id;

/** Whom an approval must concern to be reached: null where all are. */
type Seen = { readonly everything: boolean; readonly person: string };

export const seenBy = async (tx: TenantTx, caller: Caller, reach: Reach): Promise<Seen> => ({
  everything: reach.everything,
  person: await personBehind(tx, caller),
});

/** Rows as they are shown, each with what was said to it. */
async function shown(tx: TenantTx, rows: readonly queries.ApprovalRow[]): Promise<ApprovalView[]> {
  const voices = await queries.voicesOf(tx, { approvalIds: rows.map(({ id }) => id) });
  return rows.map(({ fingerprint: _, requestedPerson: __, requestedAt, expiresAt, closedAt, ...row }) => ({
    ...row,
    requestedAt: requestedAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    closedAt: (closedAt ?? (row.state === 'expired' ? expiresAt : null))?.toISOString() ?? null,
    voices: voices
      .filter(({ approvalId }) => approvalId === row.id)
      .map(({ userId, voice, note, givenAt }) => ({ userId, voice, note, givenAt: givenAt.toISOString() })),
  }));
}

/** One approval that is reached; undefined where there is none. */
export async function findApproval(tx: TenantTx, id: ApprovalId, seen: Seen): Promise<ApprovalView | undefined> {
  return (await shown(tx, await queries.readApprovalOf(tx, { id, ...seen })))[0];
}

type Filters = {
  readonly state?: ApprovalState | undefined;
  readonly kind?: string | undefined;
  readonly mine?: 'true' | 'false' | undefined;
};

/** A page of those that are reached, newest first unless asked otherwise. */
export async function pageOfApprovals(
  tx: TenantTx,
  seen: Seen,
  { state, kind, mine, ...page }: Filters & PageAsked<'requestedAt'>,
): Promise<{ data: ApprovalView[]; nextCursor: string | null }> {
  const filters = { state, kind, mine: mine === undefined ? null : mine === 'true' };
  const { rows, nextCursor }: Page<queries.ApprovalRow> = await queries.pageOfApprovals(
    tx,
    { ...seen, ...filters },
    page,
  );
  return { data: await shown(tx, rows), nextCursor };
}

/**
 * How much waits for a second person, counted up to `max`. Of each kind is said which member of its payload is the instant from
 * which it would hold: what holds from `before` on or later, or from when it is agreed to, is left out. Null: all count.
 */
export async function waitingApprovals(
  tx: TenantTx,
  { kinds, before, max }: { readonly kinds: ReadonlyMap<string, string | null>; before: Date; max: number },
): Promise<number> {
  const wanted = { kinds: [...kinds.keys()], members: [...kinds.values()] };
  return onlyRow(await queries.waitingApprovalsBefore(tx, { ...wanted, before, max })).count;
}
