import { type Route, route } from '../../platform/route.ts';
import { invite } from '../invitations/service.ts';
import { originOf } from '../passkeys/rules.ts';
import { operatorRole } from '../policy/types.ts';
import { listPeople, listWaiting, makerOf, resume, shownInvitation, suspend, withdrawAsked } from '../staff/routes.ts';
import * as contract from './contract.ts';
import { inviteOwner, type OperatorDeps } from './service.ts';

/** The routes over people who run the installation, and over the first owner of a tenant. */
export const operatorRoutes = (deps: OperatorDeps): Route[] => [
  route(contract.listOperators, async (request) => ({
    status: 200,
    json: await listPeople(deps, request, { ...request.query, role: operatorRole }),
  })),
  route(contract.inviteOperator, async (request) => {
    const given = { ...request.body, roles: [operatorRole] };
    const { invitation } = await deps
      .realmOf(request)
      .run(request.origin, (tx) => invite(deps, tx, makerOf(request), given, originOf(request)));
    return { status: 201, json: shownInvitation(invitation, request.access) };
  }),
  route(contract.listOperatorInvitations, async (request) => ({
    status: 200,
    json: await listWaiting(deps, request, request.query),
  })),
  route(contract.withdrawOperatorInvitation, (request) => withdrawAsked(deps, request)),
  route(contract.inviteOwner, async (request) => {
    const given = { ...request.body, ...request.params, site: request };
    const { invitation } = await inviteOwner(deps, request.access, given);
    return { status: 201, json: shownInvitation(invitation, request.access) };
  }),
  route(contract.suspendOperator, async (request) => ({ status: 200, json: await suspend(deps, request) })),
  route(contract.resumeOperator, async (request) => ({ status: 200, json: await resume(deps, request) })),
];
