import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { z } from 'zod';
import { ApprovalId, type TenantId, UserId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import type { ApprovalAsked, Right } from '../../kernel/operation.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Access } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { policyProblem } from '../policy/errors.ts';
import { findUser } from '../users/service.ts';
import { approvalsProblem } from './errors.ts';
import type { ApprovalKind, ApprovalResult } from './port.ts';
import * as queries from './queries.ts';
import { personBehind } from './store.ts';

const streamOf = (id: ApprovalId): string => `approvals/${id}`;

/** SHA-256 over the RFC 8785 form, as 64 hexadecimal digits. */
function hashOf(content: { kind: string; subject: string; payload: unknown; fingerprint: string }): string {
  const { kind, subject, payload, fingerprint } = content;
  const canonical = canonicalize({ kind, subject, payload, fingerprint });
  if (canonical === undefined) throw new TypeError('what is to be approved has no canonical form');
  return createHash('sha256').update(canonical).digest('hex');
}

/** `subject` is the id of what it is about, `summary` says for people what would be done (no personal data: events keep it). */
type Request = { readonly subject: string; readonly summary: string; readonly reason: string; readonly access: Access };

/**
 * Asks for something that another must agree to; it waits for 7 days by the database's clock. Gives what an operation
 * answers with 202. `identity.approval_pending` where the very same waits already.
 */
export async function requestApproval<Payload>(
  tx: TenantTx,
  kind: ApprovalKind<Payload>,
  given: Payload,
  { subject, summary, reason, access }: Request,
): Promise<z.input<typeof ApprovalAsked>> {
  await writeDownExpired(tx);
  const payload = kind.kept(given);
  const fingerprint = await kind.fingerprint(tx, payload);
  const id = ApprovalId.parse(idFromUuid('apr', newUuid(Date.now())));
  const requestedPerson = await personBehind(tx, access.caller);
  const kept = {
    kind: kind.kind,
    subject,
    summary,
    fingerprint,
    hash: hashOf({ kind: kind.kind, subject, payload, fingerprint }),
    reason,
    requestedBy: access.caller.id,
    requestedPerson,
    voicesNeeded: kind.voicesNeeded,
  };
  const [row] = await queries.insertApproval(tx, { id, ...kept, payload: JSON.stringify(payload) });
  if (row === undefined) throw approvalsProblem('identity.approval_pending');
  emit(tx, {
    stream: streamOf(id),
    type: 'identity.approval_requested',
    schemaVersion: 1,
    payload: { ...kept, payload },
  });
  return { approvalId: id, hash: kept.hash, expiresAt: row.expiresAt.toISOString() };
}

async function writeDownExpired(tx: TenantTx): Promise<void> {
  for (const { id, ...row } of await queries.expireDue(tx, {}))
    emit(tx, {
      stream: streamOf(id),
      type: 'identity.approval_closed',
      schemaVersion: 1,
      payload: { ...row, before: 'pending', after: 'expired', result: null },
    });
}

type Closing = { readonly state: 'approved' | 'rejected' | 'cancelled' | 'failed'; readonly result: ApprovalResult };

async function close(tx: TenantTx, approval: queries.ApprovalRow, { state, result }: Closing): Promise<void> {
  onlyRow(await queries.closeApproval(tx, { id: approval.id, state, result: result && JSON.stringify(result) }));
  const { kind, subject, hash } = approval;
  emit(tx, {
    stream: streamOf(approval.id),
    type: 'identity.approval_closed',
    schemaVersion: 1,
    payload: { kind, subject, hash, before: 'pending', after: state, result },
  });
}

/** Holds an approval that waits, for one who has not asked for it himself. */
async function lockForOther(tx: TenantTx, id: ApprovalId, { caller, reach }: Access): Promise<queries.ApprovalRow> {
  const approval = await lock(tx, id);
  const person = await personBehind(tx, caller);
  if (!reach.everything && approval.requestedPerson !== person) throw approvalsProblem('identity.approval_unknown');
  if (approval.requestedPerson === person || approval.requestedBy === caller.id)
    throw approvalsProblem('identity.approval_own');
  if (approval.state !== 'pending') throw closed(approval);
  return approval;
}

async function lock(tx: TenantTx, id: ApprovalId): Promise<queries.ApprovalRow> {
  const [approval] = await queries.lockApproval(tx, { id });
  if (approval === undefined) throw approvalsProblem('identity.approval_unknown');
  return approval;
}

const closed = ({ state }: queries.ApprovalRow): Problem =>
  approvalsProblem('identity.approval_closed', { detail: `It is ${state}` });

async function speak(
  tx: TenantTx,
  approval: queries.ApprovalRow,
  {
    access,
    voice,
    note,
  }: { readonly access: Access; readonly voice: 'approve' | 'reject'; readonly note: string | null },
): Promise<void> {
  const spoken = { approvalId: approval.id, userId: access.caller.id, voice, note };
  const [row] = await queries.insertVoice(tx, { ...spoken, person: spoken.userId });
  if (row === undefined) throw approvalsProblem('identity.approval_repeated');
  const { kind, subject, hash } = approval;
  emit(tx, {
    stream: streamOf(approval.id),
    type: 'identity.approval_voiced',
    schemaVersion: 1,
    payload: { kind, subject, hash, userId: spoken.userId, voice, note },
  });
}

/** What approving needs: the ways to tenants, all kinds that there are, and what a caller may do as a whole. */
export type ApprovalDeps = {
  readonly withTenant: WithTenant;
  readonly kinds: readonly ApprovalKind[];
};

type Approving = {
  readonly tenantId: TenantId;
  readonly id: ApprovalId;
  readonly access: Access;
  readonly hash: string;
  readonly note: string | null;
  /** Whether the caller has a right on everything of its kind. */
  readonly mayAll: (right: Right) => boolean;
};

/**
 * Agrees to what somebody else asked for. With the last voice that is needed the content is compared with what was asked,
 * under lock, and it is done in the same transaction: of two who approve at once one finds it closed. What cannot be done
 * closes the approval as failed (`identity.approval_failed`, `because` says why); a fault of the system leaves it waiting.
 */
export async function approve({ withTenant, kinds }: ApprovalDeps, approving: Approving): Promise<void> {
  const { tenantId, access, id } = approving;
  let isExecuting = false;
  try {
    await withTenant(tenantId, access.origin, (tx) => approveIn(tx, kinds, approving, () => (isExecuting = true)));
  } catch (error) {
    if (!isExecuting || !(error instanceof Problem) || error.status >= 500) throw error;
    const { code, title, detail = title } = error;
    await withTenant(tenantId, access.origin, async (tx) => {
      const approval = await lockForOther(tx, id, access);
      await speak(tx, approval, { access, voice: 'approve', note: approving.note });
      await close(tx, approval, { state: 'failed', result: { code } });
    });
    throw approvalsProblem('identity.approval_failed', { cause: error, because: code, detail });
  }
}

async function approveIn(
  tx: TenantTx,
  kinds: readonly ApprovalKind[],
  { id, access, hash, note, mayAll }: Approving,
  onExecuting: () => void,
): Promise<void> {
  const approval = await lockForOther(tx, id, access);
  const kind = kinds.find((each) => each.kind === approval.kind);
  if (kind === undefined) throw new RangeError(`nobody carries out approvals of the kind ${approval.kind}`);
  if (!mayAll(kind.right)) throw policyProblem('identity.forbidden');
  if (hash !== approval.hash || hash !== hashOf(approval)) throw approvalsProblem('identity.approval_mismatch');
  await refuseGoneRequester(tx, approval);
  await speak(tx, approval, { access, voice: 'approve', note });
  const voices = await queries.voicesOf(tx, { approvalIds: [id] });
  if ((await kind.fingerprint(tx, approval.payload)) !== approval.fingerprint)
    throw approvalsProblem('identity.approval_outdated');
  if (voices.length < approval.voicesNeeded) return;
  onExecuting();
  const approvedBy = voices.map(({ userId }) => UserId.parse(userId));
  const { requestedBy, reason } = approval;
  const result = await kind.execute(tx, approval.payload, { approvalId: id, requestedBy, reason, approvedBy });
  await close(tx, approval, { state: 'approved', result });
}

/** What somebody asked for is not done any more once he may do nothing here himself; it can still be rejected. */
async function refuseGoneRequester(tx: TenantTx, { requestedPerson }: queries.ApprovalRow): Promise<void> {
  const userId = UserId.safeParse(requestedPerson).data;
  const user = userId === undefined ? undefined : await findUser(tx, userId);
  if (user === undefined || user.status === 'active') return;
  throw approvalsProblem('identity.approval_outdated', { detail: `Who asked for it is ${user.status}` });
}

/** What is done with one approval by a caller. */
export type Change = (tx: TenantTx, asked: { readonly id: ApprovalId; readonly access: Access }) => Promise<void>;

/** Refuses what somebody else asked for; one voice is enough. */
export async function reject(
  tx: TenantTx,
  { id, access, reason }: { readonly id: ApprovalId; readonly access: Access; readonly reason: string },
): Promise<void> {
  const approval = await lockForOther(tx, id, access);
  await speak(tx, approval, { access, voice: 'reject', note: reason });
  await close(tx, approval, { state: 'rejected', result: null });
}

/** Takes back what the caller asked for himself. */
export async function cancel(
  tx: TenantTx,
  { id, access: { caller, reach } }: { readonly id: ApprovalId; readonly access: Access },
): Promise<void> {
  const approval = await lock(tx, id);
  const isOwn = approval.requestedPerson === (await personBehind(tx, caller));
  if (!isOwn) throw approvalsProblem(reach.everything ? 'identity.approval_others' : 'identity.approval_unknown');
  if (approval.state !== 'pending') throw closed(approval);
  await close(tx, approval, { state: 'cancelled', result: null });
}
