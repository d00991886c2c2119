import { type InvitationId, UserId } from '../../kernel/ids.ts';
import type { OperationForm } from '../../kernel/operation.ts';
import type { Access } from '../../platform/access.ts';
import { shownField } from '../../platform/masks.ts';
import { type Route, type RouteRequest, route } from '../../platform/route.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { accept, invite, inviteAgain, withdraw } from '../invitations/service.ts';
import { originOf } from '../passkeys/rules.ts';
import type { Maker } from '../roles/store.ts';
import * as contract from './contract.ts';
import type { StaffDeps } from './port.ts';
import { pageOfInvitations, pageOfPeople } from './queries.ts';
import { changePerson, resetFactors, resumePerson, suspendPerson } from './service.ts';
import { type PersonOnDesks, personReached, withDesks } from './store.ts';
import type { Invitation } from './types.ts';

/** A request about other people. */
export type Asked = Pick<
  RouteRequest<OperationForm & { readonly need: { action: string; resource: string } }>,
  'access' | 'tenantId' | 'origin' | 'host' | 'isSecure'
>;

/** Who decides. */
export const makerOf = ({ access }: Pick<Asked, 'access'>): Maker => ({ userId: UserId.parse(access.caller.id) });

/** The routes over people of a tenant, and over answering an invitation. */
export const staffRoutes = (deps: StaffDeps): Route[] => [
  ...invitationRoutes(deps), // Before those of one person: an invitation's path looks like a person's.
  ...peopleRoutes(deps),
  ...decisionRoutes(deps),
  route(contract.acceptInvitation, async (request) => {
    await accept(deps, request, request.body);
    return { status: 204 };
  }),
];

const peopleRoutes = (deps: StaffDeps): Route[] => [
  route(contract.listUsers, async (request) => ({
    status: 200,
    json: await listPeople(deps, request, { ...request.query, role: request.query.role ?? null }),
  })),
  route(contract.readUser, async (request) => ({
    status: 200,
    json: await onPerson(deps, request, request.params.userId, () => Promise.resolve()),
  })),
  route(contract.updateUser, async (request) => ({
    status: 200,
    json: await onPerson(deps, request, request.params.userId, (tx, userId) =>
      changePerson(deps, tx, makerOf(request), userId, request.body),
    ),
  })),
];

type ListAsked = {
  readonly role: string | null;
  readonly status?: string | undefined;
  readonly q?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly sort: 'name' | '-name' | 'createdAt' | '-createdAt';
};

/** A page of people, as the asker may see them. */
export async function listPeople({ realmOf }: StaffDeps, request: Asked, { role, status, q, ...page }: ListAsked) {
  const { access, origin } = request;
  const { everything, userId: reachUserId } = access.reach;
  const filters = { role, status, q, everything, reachUserId, isEmailSearched: !access.masked.has('email') };
  return realmOf(request).run(origin, async (tx) => {
    const { rows, nextCursor } = await pageOfPeople(tx, filters, page);
    return { data: (await withDesks(tx, rows)).map((person) => shown(person, access)), nextCursor };
  });
}

/** Does something to a person whom the asker reaches, and shows the person afterwards. */
const onPerson = (
  { realmOf }: StaffDeps,
  request: Asked,
  userId: UserId,
  act: (tx: RealmTx, userId: UserId) => Promise<void>,
) =>
  realmOf(request).run(request.origin, async (tx) => {
    const { reach } = request.access;
    await personReached(tx, userId, reach);
    await act(tx, userId);
    return shown(await personReached(tx, userId, reach), request.access);
  });

type Suspending = Asked & {
  readonly params: { readonly userId: UserId };
  readonly body: { readonly reason: string };
};

/** Suspends a person whom the asker reaches. */
export const suspend = (deps: StaffDeps, request: Suspending) =>
  onPerson(deps, request, request.params.userId, (tx, userId) =>
    suspendPerson(deps, tx, makerOf(request), { userId, reason: request.body.reason, site: request }),
  );

/** Lets a person in again whom the asker reaches. */
export const resume = (deps: StaffDeps, request: Suspending) =>
  onPerson(deps, request, request.params.userId, (tx, userId) =>
    resumePerson(tx, makerOf(request), { userId, reason: request.body.reason }),
  );

const decisionRoutes = (deps: StaffDeps): Route[] => [
  route(contract.suspendUser, async (request) => ({ status: 200, json: await suspend(deps, request) })),
  route(contract.resumeUser, async (request) => ({ status: 200, json: await resume(deps, request) })),
  route(contract.resetUserFactors, async (request) => {
    await onPerson(deps, request, request.params.userId, (tx, userId) =>
      resetFactors(deps, tx, makerOf(request), { userId, site: request }),
    );
    return { status: 204 };
  }),
];

type InvitationsAsked = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly sort: 'createdAt' | '-createdAt';
};

/** A page of the invitations that wait. */
export const listWaiting = ({ realmOf }: StaffDeps, request: Asked, query: InvitationsAsked) =>
  realmOf(request).run(request.origin, async (tx) => {
    const { rows, nextCursor } = await pageOfInvitations(tx, {}, query);
    return { data: rows.map((each) => shownInvitation(each, request.access)), nextCursor };
  });

/** Takes an invitation back. */
export async function withdrawAsked(
  { realmOf }: StaffDeps,
  request: Pick<Asked, 'tenantId' | 'origin'> & { readonly params: { readonly invitationId: InvitationId } },
) {
  await realmOf(request).run(request.origin, (tx) => withdraw(tx, request.params.invitationId));
  return { status: 204 } as const;
}

const invitationRoutes = (deps: StaffDeps): Route[] => [
  route(contract.inviteUser, async (request) => {
    const { invitation } = await deps
      .realmOf(request)
      .run(request.origin, (tx) => invite(deps, tx, makerOf(request), request.body, originOf(request)));
    return { status: 201, json: shownInvitation(invitation, request.access) };
  }),
  route(contract.listInvitations, async (request) => ({
    status: 200,
    json: await listWaiting(deps, request, request.query),
  })),
  route(contract.resendInvitation, async (request) => {
    const { invitationId } = request.params;
    const { invitation } = await deps
      .realmOf(request)
      .run(request.origin, (tx) => inviteAgain(deps, tx, makerOf(request), invitationId, originOf(request)));
    return { status: 200, json: shownInvitation(invitation, request.access) };
  }),
  route(contract.withdrawInvitation, (request) => withdrawAsked(deps, request)),
];

const shown = ({ createdAt, ...person }: PersonOnDesks, { masked }: Access) => ({
  ...person,
  email: shownField(masked, 'email', person.email),
  phone: shownField(masked, 'phone', person.phone),
  roles: [...person.roles],
  deskIds: [...person.deskIds],
  createdAt: createdAt.toISOString(),
});

/** An invitation, as the asker may see it. */
export const shownInvitation = ({ createdAt, expiresAt, ...invitation }: Invitation, { masked }: Access) => ({
  ...invitation,
  email: shownField(masked, 'email', invitation.email),
  roles: [...invitation.roles],
  deskIds: [...invitation.deskIds],
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
});
