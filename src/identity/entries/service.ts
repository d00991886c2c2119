import { PlatformGrantId, type TenantId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import type { Right } from '../../kernel/operation.ts';
import type { Access, Caller } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { Origin, RealmTx, TenantTx, WithControl, WithTenant } from '../../platform/tenant-tx.ts';
import { policyProblem } from '../policy/errors.ts';
import type { CallerByGrant } from '../port.ts';
import { type GrantDeps, callerByImpersonation } from '../impersonation/service.ts';
import { asking } from '../realm.ts';
import { callerOfSession } from '../sessions/callers.ts';
import type { Tokens } from '../tokens/service.ts';
import type { AccessToken } from '../tokens/types.ts';
import { entriesProblem } from './errors.ts';
import * as queries from './queries.ts';

const right: Right = { action: 'enter', resource: 'tenant_entries' };

/** Entries are written down on both sides: in the tenant's chain of events, and in the installation's. */
export type EntryDeps = {
  readonly withTenant: WithTenant;
  readonly withControl: WithControl;
  readonly tokens: Pick<Tokens, 'issue'>;
};

type Noted = { readonly tenantId: TenantId; readonly grantId: PlatformGrantId };
type Entry = { readonly role: 'auditor' | 'support'; readonly reason: string; readonly minutes: number };

function note(
  tx: RealmTx,
  what: string,
  { tenantId, grantId }: Noted,
  more: Readonly<Record<string, string | number>>,
) {
  emit(tx, {
    stream: `entries/${grantId}`,
    type: `identity.${what}`,
    schemaVersion: 1,
    payload: { tenantId, grantId, ...more },
  });
}

/** In the tenant's chain it is the platform that acts: its people are nobody there. */
export const asPlatform = ({ actor, causation }: Origin): Origin => ({ actor: `platform ${actor}`, causation });

/** Lets an operator look into a tenant for some minutes of the database's time. The installation knows before the tenant does. */
export async function enter(
  { withTenant, withControl }: EntryDeps,
  { caller, origin }: Access,
  tenantId: TenantId,
  { role, reason, minutes }: Entry,
): Promise<queries.GrantRow> {
  const grantId = PlatformGrantId.parse(idFromUuid('gra', newUuid(Date.now())));
  const more = { operatorId: caller.id, role, reason, minutes };
  // A tenant that is not there, or suspended, answers first: nothing is noted of what cannot be.
  await withTenant(tenantId, asPlatform(origin), () => Promise.resolve());
  await withControl(async (tx) => note(tx, 'entry_granted', { tenantId, grantId }, more), origin);
  return withTenant(tenantId, asPlatform(origin), async (tx) => {
    note(tx, 'entry_granted', { tenantId, grantId }, more);
    return onlyRow(await queries.insertGrant(tx, { id: grantId, operatorId: caller.id, role, reason, minutes }));
  });
}

/** A token for the tenant's host, for who was let in; what it stands on is asked at each use. */
export async function issueEntryToken(
  { withTenant, withControl, tokens }: EntryDeps,
  { caller, origin }: Access,
  { tenantId, grantId }: Noted,
): Promise<AccessToken> {
  const { sessionId } = caller;
  if (sessionId === null) throw policyProblem('identity.forbidden');
  const operatorId = await withTenant(tenantId, asPlatform(origin), async (tx) => {
    const [grant] = await queries.grantById(tx, { id: grantId });
    if (grant?.operatorId !== caller.id) throw entriesProblem('identity.grant_unknown');
    if (grant.state !== 'active') throw entriesProblem('identity.grant_ended', { detail: `It is ${grant.state}` });
    note(tx, 'entry_used', { tenantId, grantId }, { operatorId: caller.id });
    return grant.operatorId;
  });
  await withControl(async (tx) => note(tx, 'entry_used', { tenantId, grantId }, { operatorId }), origin);
  const delegation = { actor: operatorId, grant: grantId };
  return tokens.issue({ tenantId, userId: operatorId, sessionId, surface: 'admin', delegation });
}

/** Ends an entry, for the tenant or for the platform; one that was ended before stays as it is. */
export async function revoke(tx: TenantTx, grantId: PlatformGrantId): Promise<queries.GrantRow> {
  const [revoked] = await queries.revokeGrant(tx, { id: grantId, revokedBy: tx.origin.actor });
  if (revoked !== undefined) {
    note(tx, 'entry_revoked', { tenantId: tx.tenantId, grantId }, { operatorId: revoked.operatorId });
    return revoked;
  }
  const [grant] = await queries.grantById(tx, { id: grantId });
  if (grant === undefined) throw entriesProblem('identity.grant_unknown');
  return grant;
}

/** The same by an operator, with a note on the installation's side. */
export async function revokeByOperator(
  { withTenant, withControl }: EntryDeps,
  { caller, origin }: Access,
  { tenantId, grantId }: Noted,
): Promise<queries.GrantRow> {
  const grant = await withTenant(tenantId, asPlatform(origin), (tx) => revoke(tx, grantId));
  await withControl(async (tx) => note(tx, 'entry_revoked', { tenantId, grantId }, { operatorId: caller.id }), origin);
  return grant;
}

/**
 * Gives what tells whom a delegated token stands for: the client or IB whose eyes are borrowed, or somebody of the platform
 * with the role that he was let in with. Undefined where grant, session or right has ended.
 */
export const makeCallerByGrant =
  (deps: GrantDeps & { readonly withControl: WithControl }): CallerByGrant =>
  async (claims) => {
    const entered = PlatformGrantId.safeParse(claims.delegation.grant).data;
    return entered === undefined ? callerByImpersonation(deps, claims) : callerByEntry(deps, claims, entered);
  };

async function callerByEntry(
  deps: GrantDeps & { readonly withControl: WithControl },
  { tenantId, userId, sessionId, surface }: Parameters<CallerByGrant>[0],
  grantId: PlatformGrantId,
): Promise<Caller | undefined> {
  if (tenantId === null || surface !== 'admin') return undefined;
  const operator = await deps.withControl((tx) => callerOfSession(tx, deps, { sessionId, surface: 'ops' }), asking);
  if (operator?.id !== userId) return undefined;
  const mayAll = await deps.policy.mayAllOf(operator, { tenantId: null });
  if (!mayAll(right)) return undefined;
  const [grant] = await deps.withTenant(tenantId, asking, (tx) => queries.grantById(tx, { id: grantId }));
  if (grant?.state !== 'active' || grant.operatorId !== userId) return undefined;
  return {
    kind: 'platform',
    id: userId,
    surface: 'admin',
    roles: [grant.role],
    sessionId: null,
    clientId: null,
    ibId: null,
    deskIds: [],
    kycState: null,
    provenAt: null,
    impersonator: null,
    scopes: null,
  };
}
