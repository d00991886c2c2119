import { z } from 'zod';
import { EmailText, NameOfPerson, ReasonText } from '../../kernel/contact.ts';
import { InvitationId, TenantId, UserId } from '../../kernel/ids.ts';
import { operation, pageOf, pageQuery, searchText } from '../../kernel/operation.ts';
import { Invitation, User } from '../staff/contract.ts';
import { userStatuses } from '../users/types.ts';

const bare = { on: 'bare', tag: 'Operators' } as const;
const operators = (action: string) => ({ action, resource: 'operators' });

export const listOperators = operation({
  ...bare,
  id: 'listOperators',
  method: 'get',
  path: '/api/v1/operators',
  summary: 'List the people who run the installation',
  need: operators('list'),
  query: pageQuery(['name', '-name', 'createdAt', '-createdAt'], {
    status: z.enum(userStatuses).optional(),
    q: searchText,
  }),
  answers: { 200: pageOf(User) },
  problems: [],
});

export const inviteOperator = operation({
  ...bare,
  id: 'inviteOperator',
  method: 'post',
  path: '/api/v1/operators/invitations',
  summary: 'Invite somebody by mail to run the installation',
  need: operators('invite'),
  needsStepUp: true,
  body: z.strictObject({ email: EmailText, name: NameOfPerson }),
  answers: { 201: Invitation },
  problems: ['identity.user_exists', 'identity.invitation_waits', 'identity.rights_exceeded'],
});

export const listOperatorInvitations = operation({
  ...bare,
  id: 'listOperatorInvitations',
  method: 'get',
  path: '/api/v1/operators/invitations',
  summary: 'List invitations of operators that nobody has answered yet',
  need: operators('list'),
  query: pageQuery(['-createdAt', 'createdAt'], {}),
  answers: { 200: pageOf(Invitation) },
  problems: [],
});

export const withdrawOperatorInvitation = operation({
  ...bare,
  id: 'withdrawOperatorInvitation',
  method: 'delete',
  path: '/api/v1/operators/invitations/{invitationId}',
  summary: 'Take an invitation of an operator back',
  need: operators('invite'),
  params: z.strictObject({ invitationId: InvitationId }),
  answers: { 204: null },
  problems: ['identity.invitation_unknown'],
});

export const suspendOperator = operation({
  ...bare,
  id: 'suspendOperator',
  method: 'post',
  path: '/api/v1/operators/{userId}/suspend',
  summary: 'Suspend an operator; all his sessions end',
  need: operators('suspend'),
  needsStepUp: true,
  params: z.strictObject({ userId: UserId }),
  body: z.strictObject({ reason: ReasonText }),
  answers: { 200: User },
  problems: ['identity.user_unknown', 'identity.user_closed', 'identity.owner_last'],
});

export const resumeOperator = operation({
  ...bare,
  id: 'resumeOperator',
  method: 'post',
  path: '/api/v1/operators/{userId}/resume',
  summary: 'Let an operator in again',
  need: operators('suspend'),
  needsStepUp: true,
  params: z.strictObject({ userId: UserId }),
  body: z.strictObject({ reason: ReasonText }),
  answers: { 200: User },
  problems: ['identity.user_unknown', 'identity.user_closed', 'identity.rights_exceeded'],
});

export const inviteOwner = operation({
  on: 'bare',
  tag: 'Tenants',
  id: 'inviteOwner',
  method: 'post',
  path: '/api/v1/tenants/{tenantId}/owner-invitations',
  summary: 'Invite the first owner of a tenant by mail',
  description:
    'Only while the tenant has no owner, who invites all others. Another invitation takes the place of the one before, whose token is void.',
  need: { action: 'invite', resource: 'tenants' },
  needsStepUp: true,
  params: z.strictObject({ tenantId: TenantId }),
  body: z.strictObject({ email: EmailText, name: NameOfPerson }),
  answers: { 201: Invitation },
  problems: [
    'tenancy.tenant_unknown',
    'tenancy.suspended',
    'identity.owner_exists',
    'identity.user_exists',
    'identity.invitation_waits',
  ],
});
