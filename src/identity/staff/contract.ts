import { z } from 'zod';
import { EmailText, NameOfPerson, ReasonText } from '../../kernel/contact.ts';
import { ClientId, DeskId, IbId, InvitationId, UserId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery, searchText } from '../../kernel/operation.ts';
import { PasswordIn } from '../sign-in/contract.ts';
import { userStatuses } from '../users/types.ts';

const ROLES_MAX = 20;
const DESKS_MAX = 50;
const role = z.string().regex(/^[a-z][a-z0-9_]{1,39}$/, 'is no name of a role');
const roles = z.array(role).max(ROLES_MAX);
const deskIds = z.array(DeskId).max(DESKS_MAX);
const shownRoles = z.array(z.string().max(40)).max(100);

/** A person who signs in, as staff see it. */
export const User = z
  .strictObject({
    id: UserId,
    email: z.string().max(254),
    name: z.string().max(200),
    phone: z.string().max(40).nullable(),
    status: z.enum(userStatuses),
    roles: shownRoles,
    deskIds: z.array(DeskId).max(500),
    clientId: ClientId.nullable(),
    ibId: IbId.nullable(),
    hasSecondFactor: z.boolean(),
    createdAt: InstantText,
  })
  .meta({ id: 'User', description: 'A person who signs in. One may hold roles of several kinds: staff, client, IB.' });

export const Invitation = z
  .strictObject({
    id: InvitationId,
    email: z.string().max(254),
    name: z.string().max(200),
    roles: shownRoles,
    deskIds: z.array(DeskId).max(DESKS_MAX),
    ibId: IbId.nullable(),
    invitedBy: z.string().max(200),
    createdAt: InstantText,
    expiresAt: InstantText,
    isExpired: z.boolean(),
  })
  .meta({ id: 'Invitation', description: 'Somebody who was invited and has not answered yet.' });

const form = { on: 'tenant', tag: 'Staff' } as const;
const users = (action: string) => ({ action, resource: 'users' });
const person = z.strictObject({ userId: UserId });
const pending = z.strictObject({ invitationId: InvitationId });
const giving = ['identity.role_not_given', 'identity.rights_exceeded', 'identity.owner_only'] as const;
const placing = ['identity.desk_unknown', 'identity.ib_unknown'] as const;
const deciding = ['identity.user_unknown', 'identity.user_closed', 'identity.owner_only'] as const;
const filters = { status: z.enum(userStatuses).optional(), role: role.optional(), q: searchText };

export const listUsers = operation({
  ...form,
  id: 'listUsers',
  method: 'get',
  path: '/api/v1/users',
  summary: 'List the people who sign in',
  description: '`q` looks into names, and into addresses for whoever sees them in clear.',
  need: users('list'),
  query: pageQuery(['name', '-name', 'createdAt', '-createdAt'], filters),
  answers: { 200: pageOf(User) },
  problems: [],
});

export const readUser = operation({
  ...form,
  id: 'readUser',
  method: 'get',
  path: '/api/v1/users/{userId}',
  summary: 'Show a person',
  need: users('read'),
  params: person,
  answers: { 200: User },
  problems: ['identity.user_unknown'],
});

export const updateUser = operation({
  ...form,
  id: 'updateUser',
  method: 'patch',
  path: '/api/v1/users/{userId}',
  summary: 'Change what a person is called, may do, and which desks he is on',
  description:
    'Nobody gives rights that he does not have himself; only an owner makes or unmakes an owner; the last one stays one. It bites within 5 seconds.',
  need: users('update'),
  needsStepUp: true,
  params: person,
  body: z.strictObject({
    name: NameOfPerson.optional(),
    roles: roles.min(1).optional(),
    deskIds: deskIds.optional(),
    ibId: IbId.optional(),
  }),
  answers: { 200: User },
  problems: ['identity.user_unknown', 'identity.user_closed', 'identity.owner_last', ...giving, ...placing],
});

const decision = z.strictObject({ reason: ReasonText });

export const suspendUser = operation({
  ...form,
  id: 'suspendUser',
  method: 'post',
  path: '/api/v1/users/{userId}/suspend',
  summary: 'Suspend a person; all his sessions end',
  need: users('suspend'),
  params: person,
  body: decision,
  answers: { 200: User },
  problems: ['identity.owner_last', ...deciding],
});

export const resumeUser = operation({
  ...form,
  id: 'resumeUser',
  method: 'post',
  path: '/api/v1/users/{userId}/resume',
  summary: 'Let a person in again',
  need: users('suspend'),
  needsStepUp: true,
  params: person,
  body: decision,
  answers: { 200: User },
  problems: ['identity.rights_exceeded', ...deciding],
});

export const resetUserFactors = operation({
  ...form,
  id: 'resetUserFactors',
  method: 'post',
  path: '/api/v1/users/{userId}/reset-factors',
  summary: 'Take away the second factors of a person who lost them; all his sessions end',
  need: users('reset'),
  needsStepUp: true,
  params: person,
  answers: { 204: null },
  problems: [...deciding],
});

export const inviteUser = operation({
  ...form,
  id: 'inviteUser',
  method: 'post',
  path: '/api/v1/users/invitations',
  summary: 'Invite somebody by mail to work here, or to sign in as an IB',
  description: 'The token in the mail is good once, for three days. With `ibId` the role `ib` comes by itself.',
  need: users('invite'),
  needsStepUp: true,
  body: z
    .strictObject({
      email: EmailText,
      name: NameOfPerson,
      roles,
      deskIds: deskIds.optional(),
      ibId: IbId.optional(),
    })
    .refine((body) => body.roles.length > 0 || body.ibId !== undefined, 'takes a role or an IB'),
  answers: { 201: Invitation },
  problems: ['identity.user_exists', 'identity.invitation_waits', 'tenancy.quota_exceeded', ...giving, ...placing],
});

export const listInvitations = operation({
  ...form,
  id: 'listInvitations',
  method: 'get',
  path: '/api/v1/users/invitations',
  summary: 'List invitations that nobody has answered yet',
  need: users('list'),
  query: pageQuery(['-createdAt', 'createdAt'], {}),
  answers: { 200: pageOf(Invitation) },
  problems: [],
});

export const resendInvitation = operation({
  ...form,
  id: 'resendInvitation',
  method: 'post',
  path: '/api/v1/users/invitations/{invitationId}/send',
  summary: 'Send an invitation again, with a new token; the former one is void',
  need: users('invite'),
  needsStepUp: true,
  params: pending,
  answers: { 200: Invitation },
  problems: ['identity.invitation_unknown', ...giving],
});

export const withdrawInvitation = operation({
  ...form,
  id: 'withdrawInvitation',
  method: 'delete',
  path: '/api/v1/users/invitations/{invitationId}',
  summary: 'Take an invitation back',
  need: users('invite'),
  params: pending,
  answers: { 204: null },
  problems: ['identity.invitation_unknown'],
});

const TOKEN_CHARACTERS = 43; // 32 bytes in base64url.

export const acceptInvitation = operation({
  id: 'acceptInvitation',
  method: 'post',
  path: '/api/v1/auth/invitations/accept',
  on: 'both',
  tag: 'Signing in',
  summary: 'Answer an invitation by setting a password',
  description: 'Sign in next; staff set up a second factor then.',
  need: 'public',
  body: z.strictObject({
    token: z
      .string()
      .length(TOKEN_CHARACTERS)
      .regex(/^[\w-]+$/),
    password: PasswordIn,
    name: NameOfPerson.optional(),
  }),
  answers: { 204: null },
  problems: [
    'identity.one_time_token_invalid',
    'identity.password_weak',
    'identity.user_exists',
    'identity.role_not_given',
    'identity.hashing_busy',
  ],
});
