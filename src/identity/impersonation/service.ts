import { ImpersonationId, type SessionId, type UserId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import type { Right } from '../../kernel/operation.ts';
import type { Access, Caller } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { identityProblem } from '../errors.ts';
import { policyProblem } from '../policy/errors.ts';
import type { Policy } from '../policy/service.ts';
import { surfaceOfRole } from '../policy/types.ts';
import type { CallerByGrant, DesksOf, KycStateOf } from '../port.ts';
import { asking } from '../realm.ts';
import { callerOfSession } from '../sessions/callers.ts';
import { DELEGATED_TOKEN_SECONDS } from '../tokens/contract.ts';
import type { TokenSubject } from '../tokens/types.ts';
import { findUser, userStream } from '../users/service.ts';
import type { User } from '../users/types.ts';
import { impersonationProblem } from './errors.ts';
import * as queries from './queries.ts';

const right: Right = { action: 'impersonate', resource: 'users' };

type Wanted = {
  readonly userId: UserId;
  readonly surface: 'portal' | 'partner' | undefined;
  readonly reason: string;
};

/** An impersonation that was begun, with what its token says. */
type Begun = {
  readonly id: ImpersonationId;
  readonly surface: 'portal' | 'partner';
  readonly endsAt: Date;
  readonly subject: TokenSubject;
};

/**
 * Lets staff see what a client or IB sees, for 15 minutes. `identity.user_unknown` for whom there is none or who is not
 * reached; `identity.impersonation_refused` for staff, whatever else they are.
 */
export async function beginImpersonation(tx: TenantTx, { caller, reach }: Access, wanted: Wanted): Promise<Begun> {
  const user = await findUser(tx, wanted.userId);
  if (user === undefined || !reach.everything) throw identityProblem('identity.user_unknown');
  const surface = surfaceFor(user, wanted.surface);
  if (surface === undefined || user.status !== 'active') throw impersonationProblem('identity.impersonation_refused');
  const { id: impersonator, sessionId } = caller;
  if (sessionId === null) throw policyProblem('identity.forbidden'); // A program has no eyes.
  const id = ImpersonationId.parse(idFromUuid('imp', newUuid(Date.now())));
  const kept = { impersonatorId: impersonator, sessionId, userId: user.id, surface, reason: wanted.reason };
  const { endsAt } = onlyRow(await queries.insertImpersonation(tx, { id, ...kept, seconds: DELEGATED_TOKEN_SECONDS }));
  emit(tx, {
    stream: userStream(user.id),
    type: 'identity.impersonation_started',
    schemaVersion: 1,
    payload: { impersonationId: id, ...kept, endsAt: endsAt.toISOString() },
  });
  const delegation = { actor: impersonator, grant: id };
  return { id, surface, endsAt, subject: { tenantId: tx.tenantId, userId: user.id, sessionId, surface, delegation } };
}

/** Where a person is seen: as the client or IB that he is; nowhere if he works here. */
function surfaceFor({ roles }: User, wanted: Wanted['surface']): Begun['surface'] | undefined {
  const surfaces = new Set(roles.map(surfaceOfRole));
  if (surfaces.has('admin')) return undefined;
  return (['portal', 'partner'] as const).find((each) => surfaces.has(each) && (wanted ?? each) === each);
}

/** Ends what the caller of a borrowed session began; `identity.impersonation_none` for any other. */
export async function endImpersonation(tx: TenantTx, { id, impersonator }: Caller): Promise<void> {
  const ended =
    impersonator === null ? [] : await queries.endImpersonations(tx, { impersonatorId: impersonator, userId: id });
  if (ended.length === 0) throw impersonationProblem('identity.impersonation_none');
  for (const { id: impersonationId, surface } of ended)
    emit(tx, {
      stream: `user/${id}`,
      type: 'identity.impersonation_ended',
      schemaVersion: 1,
      payload: { impersonationId, impersonatorId: impersonator, userId: id, surface },
    });
}

/** What asking for a caller by a grant needs. */
export type GrantDeps = {
  readonly withTenant: WithTenant;
  readonly policy: Pick<Policy, 'mayAllOf'>;
  readonly desksOf: DesksOf;
  readonly kycStateOf: KycStateOf;
};

/**
 * The person whose eyes are borrowed, with his own rights on his own surface; undefined where the impersonation, the
 * session of whoever borrows them, or his right to do so has ended.
 */
export async function callerByImpersonation(
  deps: GrantDeps,
  { tenantId, userId, sessionId, surface, delegation }: Parameters<CallerByGrant>[0],
): Promise<Caller | undefined> {
  const id = ImpersonationId.safeParse(delegation.grant).data;
  if (id === undefined || tenantId === null) return undefined;
  const found = await deps.withTenant(tenantId, asking, async (tx) => {
    const [live] = await queries.liveImpersonation(tx, { id });
    if (live?.userId !== userId || live.sessionId !== sessionId || live.surface !== surface) return undefined;
    const impersonator = await callerOfSession(tx, deps, { sessionId: live.sessionId, surface: 'admin' });
    const user = await findUser(tx, userId);
    if (impersonator?.id !== live.impersonatorId || user?.status !== 'active') return undefined;
    if (surfaceFor(user, live.surface) !== live.surface) return undefined;
    const seen = await borrowed(tx, deps, { user, surface: live.surface, impersonator: impersonator.id });
    return { impersonator, seen };
  });
  if (found === undefined) return undefined;
  const mayAll = await deps.policy.mayAllOf(found.impersonator, { tenantId });
  return mayAll(right) ? found.seen : undefined;
}

async function borrowed(
  tx: TenantTx,
  { kycStateOf }: GrantDeps,
  {
    user,
    surface,
    impersonator,
  }: { readonly user: User; readonly surface: Begun['surface']; readonly impersonator: string },
): Promise<Caller> {
  const clientId = surface === 'portal' ? user.clientId : null;
  const noSession: SessionId | null = null; // What is done with a session of one's own is not for borrowed eyes.
  return {
    kind: 'user',
    id: user.id,
    surface,
    roles: user.roles.filter((role) => surfaceOfRole(role) === surface),
    sessionId: noSession,
    clientId,
    ibId: surface === 'partner' ? user.ibId : null,
    deskIds: [],
    kycState: clientId === null ? null : await kycStateOf(tx, clientId),
    provenAt: null,
    impersonator,
    scopes: null,
  };
}
