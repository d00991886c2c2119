import { z } from 'zod';
import { NameOfPerson, ReasonText } from '../kernel/contact.ts';
import { ClientId, IbId } from '../kernel/ids.ts';
import {
  ApprovalAsked,
  InstantIn,
  InstantText,
  operation,
  pageOf,
  pageQuery,
  searchText,
} from '../kernel/operation.ts';

const DEPTH_MAX = 10_000;

const IbStatus = z.enum(['active', 'suspended', 'terminated']).meta({
  id: 'IbStatus',
  description: 'A terminated introducing broker keeps its place, so that history can be told.',
});

const parentId = IbId.nullable().meta({
  description: 'The introducing broker directly above; null for a master, and where the caller may not see it',
});

/** An introducing broker as people see it. */
export const Ib = z
  .strictObject({
    id: IbId,
    name: z.string(),
    parentId,
    status: IbStatus,
    joinedAt: InstantText.meta({ description: 'Since when it is part of the tree' }),
    referralCode: z.string().meta({
      description: 'Whoever signs up with this code becomes a client of this introducing broker',
      examples: ['7K3QX9M2VD'],
    }),
  })
  .meta({ id: 'Ib', description: 'An introducing broker.' });
export type Ib = z.infer<typeof Ib>;

/** An introducing broker seen from another one. */
const Relative = z
  .strictObject({
    id: IbId,
    name: z.string(),
    parentId,
    status: IbStatus,
    depth: z.int().min(1).max(DEPTH_MAX).meta({ description: 'Steps between the two; 1 is directly above or below' }),
  })
  .meta({ id: 'IbRelative', description: 'An introducing broker above or below another one, as of an instant.' });

const ClientLink = z
  .strictObject({
    clientId: ClientId,
    ibId: IbId,
    effectiveAt: InstantText,
    until: InstantText.nullable().meta({ description: 'When a change that was scheduled before takes its place' }),
  })
  .meta({ id: 'ClientLink', description: 'To whom a client belongs, and from when on.' });

const common = { on: 'tenant', tag: 'Introducing brokers' } as const;
const params = z.strictObject({ ibId: IbId });
const list = { action: 'list', resource: 'ibs' } as const;
const asOf = InstantIn.optional().meta({
  description: 'As of when; now unless given',
  examples: ['2026-03-01T00:00:00Z'],
});
const effectiveAt = z.iso
  .datetime()
  .optional()
  .meta({ description: 'From when on; now unless given, in the past only where `backdated` says so' });
const backdated = z
  .boolean()
  .default(false)
  .meta({
    description:
      'Whether it corrects the past: the tree of then is another from now on, as long as no closed period is touched. What ' +
      'trades earned meanwhile stays until they are run again.',
  });

export const listIbs = operation({
  ...common,
  id: 'listIbs',
  method: 'get',
  path: '/api/v1/ibs',
  summary: 'List introducing brokers as they are now',
  need: list,
  query: pageQuery(['name', '-name', 'joinedAt', '-joinedAt'], {
    status: IbStatus.optional(),
    parentId: IbId.optional(),
    q: searchText,
  }),
  answers: { 200: pageOf(Ib) },
  problems: [],
});

export const createIbOperation = operation({
  ...common,
  id: 'createIb',
  method: 'post',
  path: '/api/v1/ibs',
  summary: 'Add an introducing broker, from now on',
  need: { action: 'create', resource: 'ibs' },
  body: z
    .strictObject({ name: NameOfPerson, parentId: IbId.nullable().default(null) })
    .meta({ id: 'NewIb', examples: [{ name: 'Maria', parentId: null }] }),
  answers: { 201: Ib },
  problems: ['ib.unknown', 'ib.not_yet_valid'],
});

export const readIb = operation({
  ...common,
  id: 'readIb',
  method: 'get',
  path: '/api/v1/ibs/{ibId}',
  summary: 'Read an introducing broker as it is now',
  need: { action: 'read', resource: 'ibs' },
  params,
  answers: { 200: Ib },
  problems: ['ib.unknown'],
});

export const listAncestors = operation({
  ...common,
  id: 'listIbAncestors',
  method: 'get',
  path: '/api/v1/ibs/{ibId}/ancestors',
  summary: 'List who is above an introducing broker, nearest first',
  need: { action: 'read', resource: 'ibs' },
  params,
  query: pageQuery(['depth', '-depth'], { asOf }),
  answers: { 200: pageOf(Relative) },
  problems: ['ib.unknown'],
});

export const listDescendants = operation({
  ...common,
  id: 'listIbDescendants',
  method: 'get',
  path: '/api/v1/ibs/{ibId}/descendants',
  summary: 'List who is below an introducing broker, nearest first',
  need: { action: 'read', resource: 'ibs' },
  params,
  query: pageQuery(['depth', '-depth'], {
    asOf,
    depthMax: z
      .string()
      .regex(/^[1-9]\d{0,3}$/, 'is no whole number from 1 to 9999')
      .transform(Number)
      .optional()
      .meta({ description: 'Steps downward at most', examples: ['1'] }),
  }),
  answers: { 200: pageOf(Relative) },
  problems: ['ib.unknown'],
});

export const moveIbOperation = operation({
  ...common,
  id: 'moveIb',
  method: 'post',
  path: '/api/v1/ibs/{ibId}/move',
  summary: 'Ask to move an introducing broker, with all below it, under another one',
  description:
    'Waits for a second person, who sees what would move from where to where. `effectiveAt` must still lie ahead when ' +
    'the last one agrees, unless the move is backdated; without it the move takes effect at that moment. What came of a ' +
    'backdated one names the trades that it touches, to be run again.',
  need: { action: 'move', resource: 'ibs' },
  params,
  body: z
    .strictObject({ parentId: IbId.nullable(), effectiveAt, backdated, reason: ReasonText })
    .meta({ id: 'IbMove', examples: [{ parentId: null, reason: 'Works on its own from now on' }] }),
  answers: { 202: ApprovalAsked },
  problems: [
    'ib.unknown',
    'ib.not_yet_valid',
    'ib.move_backdated',
    'ib.move_ahead',
    'ib.move_unchanged',
    'ib.cycle',
    'payouts.period_closed',
    'identity.approval_pending',
  ],
});

export const setIbStatus = operation({
  ...common,
  id: 'setIbStatus',
  method: 'post',
  path: '/api/v1/ibs/{ibId}/status',
  summary: 'Suspend an introducing broker, let it go on, or end it, from now on',
  need: { action: 'suspend', resource: 'ibs' },
  params,
  body: z
    .strictObject({ status: IbStatus, reason: ReasonText })
    .meta({ id: 'IbStatusChange', examples: [{ status: 'suspended', reason: 'Contract under review' }] }),
  answers: { 200: Ib },
  problems: ['ib.unknown', 'ib.not_yet_valid', 'ib.status_unreachable'],
});

export const linkClientOperation = operation({
  ...common,
  id: 'linkClient',
  method: 'post',
  path: '/api/v1/ibs/{ibId}/clients',
  summary: 'Give a client to an introducing broker, whomever it belonged to before',
  need: { action: 'link', resource: 'ibs' },
  params,
  description:
    'At once, from now or later on; as of an instant in the past, `backdated`, it waits for a second person and answers 202.',
  body: z.strictObject({ clientId: ClientId, effectiveAt, backdated, reason: ReasonText }).meta({
    id: 'NewClientLink',
    examples: [{ clientId: 'cli_01J9Z3K4M5N6P7Q8R9S0T1V2W3', reason: 'The client named its broker by letter' }],
  }),
  answers: { 200: ClientLink, 202: ApprovalAsked },
  problems: [
    'ib.unknown',
    'ib.not_yet_valid',
    'ib.move_backdated',
    'ib.move_ahead',
    'ib.move_unchanged',
    'ib.client_linked',
    'clients.client_unknown',
    'payouts.period_closed',
    'identity.approval_pending',
  ],
});
