import { z } from 'zod';
import { CountryCode, EmailText, NameOfPerson, PhoneText, ReasonText } from '../../kernel/contact.ts';
import { ClientId, DeskId, IbId, UserId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery, searchText } from '../../kernel/operation.ts';

const CHARACTERS_MAX = 254;

/** The states of a client's admission. Only admission itself changes it. */
export const KycState = z
  .enum([
    'pending',
    'documents_submitted',
    'under_review',
    'approved',
    'rejected',
    'on_hold',
    'expired',
    'suspended',
    'reverification',
  ])
  .meta({ id: 'KycState', description: 'How far the admission of a client is.' });
export type KycState = z.infer<typeof KycState>;

/** What of a client can be shown masked, and asked for in clear. */
export const ContactField = z.enum(['email', 'phone']);
export type ContactField = z.infer<typeof ContactField>;

const shown = z.string().max(CHARACTERS_MAX).nullable();

/** A client as people see it. */
export const Client = z
  .strictObject({
    id: ClientId,
    name: z.string().meta({ description: 'The name that is shown: of a person or of a company' }),
    firstName: z.string().nullable(),
    lastName: z.string().nullable(),
    email: shown.meta({ description: 'Masked where `masked` says so' }),
    phone: shown.meta({ description: 'E.164; masked where `masked` says so' }),
    country: CountryCode.nullable(),
    kycState: KycState,
    ibId: IbId.nullable().meta({ description: 'The introducing broker that the client belongs to now' }),
    ownerUserId: UserId.nullable().meta({
      description: 'Who of the staff looks after the client; told to staff and programs',
    }),
    deskId: DeskId.nullable().meta({ description: 'The desk that looks after the client; told to staff and programs' }),
    referralCode: z
      .string()
      .nullable()
      .meta({ description: 'As it was given at sign-up, whether it named anybody or not' }),
    createdAt: InstantText,
    masked: z.array(ContactField).max(2).meta({ description: 'The fields that are shown masked' }),
  })
  .meta({ id: 'Client', description: 'A person or company that trades.' });
export type Client = z.infer<typeof Client>;

const contactData = {
  name: NameOfPerson.optional(),
  firstName: NameOfPerson.optional(),
  lastName: NameOfPerson.optional(),
  email: EmailText.nullable().optional(),
  phone: PhoneText.nullable().optional(),
  country: CountryCode.optional(),
};

/** What a new client is: a name, or first and last name, and how to reach him. */
const NewClientBody = z
  .strictObject(contactData)
  .refine(
    ({ name, firstName, lastName }) => name !== undefined || (firstName !== undefined && lastName !== undefined),
    {
      error: 'needs a name, or a first and a last name',
      path: ['name'],
    },
  )
  .meta({
    id: 'NewClient',
    examples: [{ firstName: 'Kim', lastName: 'Novák', email: 'kim@example.com', country: 'CZ' }],
  });

/** A change of contact data: what is left out stays as it is, null takes away. */
export const ContactChange = z
  .strictObject(contactData)
  .refine((change) => Object.values(change).some((value) => value !== undefined), { error: 'changes nothing' })
  .meta({ id: 'ClientChange', examples: [{ phone: '+4930901820' }] });
export type ContactChange = z.infer<typeof ContactChange>;

const common = { on: 'tenant', tag: 'Clients' } as const;
const params = z.strictObject({ clientId: ClientId });

export const listClients = operation({
  ...common,
  id: 'listClients',
  method: 'get',
  path: '/api/v1/clients',
  summary: 'List clients',
  description: '`q` looks in names, logins, and e-mail addresses where these are shown in clear.',
  need: { action: 'list', resource: 'clients' },
  query: pageQuery(['-createdAt', 'createdAt', 'name', '-name'], {
    country: CountryCode.optional(),
    kycState: KycState.optional(),
    ibId: IbId.optional().meta({ description: 'Clients of this very introducing broker' }),
    deskId: DeskId.optional(),
    assignedTo: UserId.optional(),
    q: searchText,
  }),
  answers: { 200: pageOf(Client) },
  problems: [],
});

export const listClientsOfIb = operation({
  ...common,
  id: 'listClientsOfIb',
  method: 'get',
  path: '/api/v1/ibs/{ibId}/clients',
  summary: 'List the clients of this very introducing broker',
  need: { action: 'list', resource: 'clients' },
  params: z.strictObject({ ibId: IbId }),
  query: pageQuery(['-createdAt', 'createdAt', 'name', '-name'], {}),
  answers: { 200: pageOf(Client) },
  problems: ['ib.unknown'],
});

export const createClient = operation({
  ...common,
  id: 'createClient',
  method: 'post',
  path: '/api/v1/clients',
  summary: 'Add a client',
  description: 'Whoever reaches only his own clients is made the one who looks after it.',
  need: { action: 'create', resource: 'clients' },
  body: NewClientBody,
  answers: { 201: Client },
  problems: ['tenancy.quota_exceeded'],
});

export const readClient = operation({
  ...common,
  id: 'readClient',
  method: 'get',
  path: '/api/v1/clients/{clientId}',
  summary: 'Read a client',
  need: { action: 'read', resource: 'clients' },
  params,
  answers: { 200: Client },
  problems: ['clients.client_unknown'],
});

export const updateClient = operation({
  ...common,
  id: 'updateClient',
  method: 'patch',
  path: '/api/v1/clients/{clientId}',
  summary: 'Change the contact data of a client',
  description: 'How the client signs in stays as it is. The event names what changed, and never the values.',
  need: { action: 'update', resource: 'clients' },
  params,
  body: ContactChange,
  answers: { 200: Client },
  problems: ['clients.client_unknown'],
});

export const assignClient = operation({
  ...common,
  id: 'assignClient',
  method: 'post',
  path: '/api/v1/clients/{clientId}/assign',
  summary: 'Say who looks after a client',
  description: 'What is left out stays as it is, null takes away.',
  need: { action: 'assign', resource: 'clients' },
  params,
  body: z
    .strictObject({ userId: UserId.nullable().optional(), deskId: DeskId.nullable().optional() })
    .refine(({ userId, deskId }) => userId !== undefined || deskId !== undefined, { error: 'names nobody' })
    .meta({ examples: [{ userId: null }] }),
  answers: { 200: Client },
  problems: ['clients.client_unknown', 'clients.assignee_unknown'],
});

export const revealClient = operation({
  ...common,
  id: 'revealClient',
  method: 'post',
  path: '/api/v1/clients/{clientId}/reveal',
  summary: 'See contact data in clear',
  description: 'Leaves an event that says who saw which fields of whom, and why.',
  need: { action: 'reveal', resource: 'clients' },
  params,
  body: z.strictObject({
    fields: z
      .array(ContactField)
      .min(1)
      .max(2)
      .refine((fields) => new Set(fields).size === fields.length, { error: 'names a field twice' }),
    reason: ReasonText,
  }),
  answers: {
    200: z
      .strictObject({ id: ClientId, email: shown.optional(), phone: shown.optional() })
      .meta({ id: 'ClientInClear', description: 'The fields that were asked for; null where there is none.' }),
  },
  problems: ['clients.client_unknown'],
});

/** One thing that happened to a client. */
const TimelineEntry = z
  .strictObject({
    seq: z
      .string()
      .regex(/^\d{1,19}$/)
      .meta({ description: 'The number of the event among all of the tenant', examples: ['41'] }),
    at: InstantText,
    type: z.string().meta({ examples: ['clients.assigned'] }),
    actor: z.string().meta({ description: 'Who did it' }),
    causation: z.string().meta({ description: 'The request, job or event that caused it' }),
    payload: z.record(z.string(), z.unknown()),
  })
  .meta({
    id: 'TimelineEntry',
    description: 'An event about a client. It names people by id and holds no personal data.',
  });

export const readClientTimeline = operation({
  ...common,
  id: 'readClientTimeline',
  method: 'get',
  path: '/api/v1/clients/{clientId}/timeline',
  summary: 'See what happened to a client, its accounts and its link to an introducing broker',
  description: 'Clients and accounts that came in bulk have no event of their own for that.',
  need: { action: 'timeline', resource: 'clients' },
  params,
  query: pageQuery(['-seq', 'seq'], {}),
  answers: { 200: pageOf(TimelineEntry) },
  problems: ['clients.client_unknown'],
});
