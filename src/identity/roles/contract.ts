import { z } from 'zod';
import { InstantText, operation } from '../../kernel/operation.ts';
import { maskableFields } from '../policy/types.ts';

const ACTIONS_MAX = 20;
const ROWS_MAX = 60;

/** A word of the table of rights. */
const Word = z.string().regex(/^[a-z][a-z_]{0,39}$/, 'is no word of the table of rights');

/** The name of a role that a tenant makes. */
const RoleName = z.string().regex(/^[a-z][a-z0-9_]{1,39}$/, 'takes 2 to 40 small letters, digits and underlines');

export const RoleRows = z
  .array(
    z.strictObject({
      resource: Word,
      actions: z.array(Word).min(1).max(ACTIONS_MAX),
      conditions: z
        .array(z.enum(['all', 'assigned', 'desk']))
        .min(1)
        .max(3),
      masked: z.array(z.enum(maskableFields)).max(maskableFields.length),
    }),
  )
  .min(1)
  .max(ROWS_MAX)
  .meta({
    id: 'RoleRows',
    description:
      'What a role may do: actions on a resource, on which objects (all of the tenant, those assigned to the person, those of its desks), and the fields that it sees masked.',
  });

const description = z.string().trim().min(1).max(200);

const Role = z
  .strictObject({
    name: z.string().max(40),
    description: z.string().max(200),
    isBuiltIn: z.boolean(),
    rows: z
      .array(
        z.strictObject({
          resource: z.string().max(40),
          actions: z.array(z.string().max(40)).max(ACTIONS_MAX),
          conditions: z.array(z.enum(['all', 'assigned', 'desk', 'own', 'subtree'])).max(5),
          masked: z.array(z.enum(maskableFields)).max(maskableFields.length),
        }),
      )
      .max(200),
    createdAt: InstantText.nullable(),
    changedAt: InstantText.nullable(),
  })
  .meta({ id: 'Role', description: 'A role and what it may do. Built-in roles have no times: they are always there.' });

const problems = ['identity.right_unknown', 'identity.right_reserved', 'identity.rights_exceeded'] as const;

export const listRoles = operation({
  id: 'listRoles',
  method: 'get',
  path: '/api/v1/roles',
  on: 'tenant',
  tag: 'Staff',
  summary: 'List all roles, built in and made by the tenant, with their rights',
  need: { action: 'list', resource: 'roles' },
  query: z.strictObject({}),
  answers: { 200: z.strictObject({ data: z.array(Role).max(300) }) },
  problems: [],
});

export const createRole = operation({
  id: 'createRole',
  method: 'post',
  path: '/api/v1/roles',
  on: 'tenant',
  tag: 'Staff',
  summary: 'Make a role for staff',
  description:
    'It can be given no right that its maker does not have, and none that only owners and admins have over people.',
  need: { action: 'create', resource: 'roles' },
  needsStepUp: true,
  body: z.strictObject({ name: RoleName, description, rows: RoleRows }),
  answers: { 201: Role },
  problems: ['identity.role_exists', 'identity.roles_too_many', ...problems],
});

const params = z.strictObject({ name: RoleName });

export const updateRole = operation({
  id: 'updateRole',
  method: 'patch',
  path: '/api/v1/roles/{name}',
  on: 'tenant',
  tag: 'Staff',
  summary: 'Change a role of the tenant; it bites within 5 seconds',
  need: { action: 'update', resource: 'roles' },
  needsStepUp: true,
  params,
  body: z.strictObject({ description: description.optional(), rows: RoleRows.optional() }),
  answers: { 200: Role },
  problems: ['identity.role_unknown', ...problems],
});

export const removeRole = operation({
  id: 'removeRole',
  method: 'delete',
  path: '/api/v1/roles/{name}',
  on: 'tenant',
  tag: 'Staff',
  summary: 'Remove a role of the tenant that nobody has',
  need: { action: 'remove', resource: 'roles' },
  params,
  answers: { 204: null },
  problems: ['identity.role_unknown', 'identity.role_in_use'],
});
