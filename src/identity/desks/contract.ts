import { z } from 'zod';
import { DeskId, UserId } from '../../kernel/ids.ts';
import { InstantText, operation } from '../../kernel/operation.ts';

const MEMBERS_MAX = 500;
const DESKS_MAX = 200;

const name = z.string().trim().min(1).max(100);
const memberIds = z.array(UserId).max(MEMBERS_MAX);

const Desk = z.strictObject({ id: DeskId, name: z.string().max(100), memberIds, createdAt: InstantText }).meta({
  id: 'Desk',
  description: 'A group of staff. Roles that reach their desks reach what is assigned to one of them.',
});

export const listDesks = operation({
  id: 'listDesks',
  method: 'get',
  path: '/api/v1/desks',
  on: 'tenant',
  tag: 'Staff',
  summary: 'List all desks with their members',
  need: { action: 'list', resource: 'desks' },
  query: z.strictObject({}),
  answers: { 200: z.strictObject({ data: z.array(Desk).max(DESKS_MAX) }) },
  problems: [],
});

export const createDesk = operation({
  id: 'createDesk',
  method: 'post',
  path: '/api/v1/desks',
  on: 'tenant',
  tag: 'Staff',
  summary: 'Make a desk',
  need: { action: 'create', resource: 'desks' },
  body: z.strictObject({ name, memberIds: memberIds.optional() }),
  answers: { 201: Desk },
  problems: ['identity.desk_exists', 'identity.desks_too_many', 'identity.member_unknown'],
});

export const updateDesk = operation({
  id: 'updateDesk',
  method: 'patch',
  path: '/api/v1/desks/{deskId}',
  on: 'tenant',
  tag: 'Staff',
  summary: 'Rename a desk, or say who its members are; it bites within 5 seconds',
  need: { action: 'update', resource: 'desks' },
  params: z.strictObject({ deskId: DeskId }),
  body: z.strictObject({ name: name.optional(), memberIds: memberIds.optional() }),
  answers: { 200: Desk },
  problems: ['identity.desk_unknown', 'identity.desk_exists', 'identity.member_unknown'],
});
