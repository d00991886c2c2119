/**
 * What a field means wherever it stands, for fields whose own contract does not say it. A contract that says it of its
 * own counts first.
 */
const fieldWords: Readonly<Record<string, string>> = {
  id: 'Its id; the letters before the underscore say its kind.',
  data: 'The rows of this page.',
  nextCursor: 'Where the next page begins: give it as `cursor`. Null after the last page.',
  name: 'How it is called.',
  firstName: 'First name.',
  lastName: 'Family name.',
  email: 'E-mail address; masked for whoever may not see it.',
  phone: 'Telephone number; masked for whoever may not see it.',
  country: 'ISO 3166-1 alpha-2 code of a country.',
  currency: 'ISO 4217 code of a currency, or the symbol of a crypto currency.',
  amount: 'An exact decimal text.',
  kind: 'Of which kind it is.',
  type: 'Of which type it is.',
  state: 'In which state it is now.',
  status: 'Its status now.',
  reason: 'Why, in a person’s words.',
  note: 'A remark, in a person’s words.',
  detail: 'What happened, for people.',
  details: 'What more is known of it.',
  description: 'What it is for, in a person’s words.',
  summary: 'What it is about, in one line.',
  version: 'Its number, from 1 on; a later one replaces an earlier one.',
  number: 'Its number, from 1 on.',
  hash: 'SHA-256 over its content, by which a change shows.',
  reference: 'What it is called in the books of whoever asked for it.',
  result: 'What came of it.',
  rows: 'Its rows.',
  components: 'The parts that a trade earns by.',
  plan: 'The commission plan.',
  steps: 'The steps of the computation, in their order.',
  payload: 'What it says, as data.',
  stream: 'The series of events that it belongs to.',
  causation: 'The request, job or event that caused it.',
  actor: 'Who did it.',
  batch: 'The batch that it came with.',
  class: 'Of which class of the books it is.',
  side: 'Debit or credit; of a trade, buy or sell.',
  normalSide: 'The side on which its balance grows.',
  leg: 'Which leg of its entry it is.',
  lots: 'Volume in lots, as an exact decimal text.',
  price: 'Price at which it was done.',
  openPrice: 'Price at which the position was opened.',
  commission: 'Commission of the platform, as an exact decimal text.',
  swap: 'Swap of the platform, as an exact decimal text.',
  symbol: 'The symbol, by the name of the broker.',
  symbolGroup: 'The group that the symbol belongs to.',
  group: 'The group of the platform that the account belongs to.',
  accountGroup: 'The group of the platform that the account belongs to.',
  server: 'The name of the platform server.',
  login: 'The number of the trading account on its server.',
  ticket: 'The number of the deal on its server.',
  isLive: 'Whether its accounts hold real money.',
  isCurrent: 'Whether it is the one that this request came by.',
  isExpired: 'Whether its time is over.',
  isBuiltIn: 'Whether every broker has it and nobody can change it.',
  hasSecondFactor: 'Whether a second factor is set up.',
  accepted: 'Whether it was taken.',
  stillParked: 'How many wait on.',
  suspension: 'What becomes of the part of a suspended partner.',
  role: 'A role by its name.',
  roles: 'Roles by their names.',
  scopes: 'What it may do: an action and a kind of object each.',
  surface: 'What the sign-in is for: back office, client area, partner area or console.',
  secondFactor: 'By what the second factor was given.',
  outcome: 'How it ended.',
  address: 'The network address that it came from.',
  addresses: 'The network addresses from which it may be used.',
  lastAddress: 'The network address that it was last seen from.',
  userAgent: 'What the browser or program said it was.',
  host: 'The host name.',
  slug: 'The first part of the host name.',
  accessToken: 'What is sent as `Authorization: Bearer …`.',
  challenge: 'What the authenticator is to sign.',
  user: 'The person.',
  clients: 'How many clients, or which.',
  voice: 'What was said: yes or no.',
  voices: 'What was said so far, and by whom.',
  voicesNeeded: 'How many must agree.',
  kycState: 'How far the admission has come.',
  day: 'The day, UTC.',
  // Ids of other things.
  clientId: 'The client that it belongs to.',
  accountId: 'The account that it belongs to.',
  ibId: 'The introducing broker that it belongs to.',
  parentId: 'The introducing broker directly above; null at the top.',
  planId: 'The commission plan.',
  userId: 'The user.',
  tenantId: 'The broker.',
  sessionId: 'The session.',
  taskId: 'The task that does it: how far it is, and what came of it.',
  deskIds: 'The desks that it belongs to.',
  memberIds: 'The users who belong to it.',
  dealId: 'The deal of the platform server.',
  tradeId: 'The trade.',
  positionId: 'The position on the platform server that it belongs to.',
  approvalId: 'The request for a second person’s word.',
  impersonationId: 'The borrowed look through somebody’s eyes.',
  debitAccountId: 'The ledger account that is debited.',
  creditAccountId: 'The ledger account that is credited.',
  // Who.
  createdBy: 'Who made it.',
  requestedBy: 'Who asked for it.',
  revokedBy: 'Who ended it.',
  invitedBy: 'Who invited.',
  // When.
  at: 'When it happened.',
  asOf: 'The instant that the answer is true for.',
  createdAt: 'When it was made.',
  changedAt: 'When it was last changed.',
  recordedAt: 'When it became known here.',
  requestedAt: 'When it was asked for.',
  askedAt: 'When it was asked for.',
  givenAt: 'When it was given.',
  grantedAt: 'When it was granted.',
  expiresAt: 'When it ends by itself.',
  endsAt: 'When it ends.',
  startedAt: 'When it began.',
  finishedAt: 'When it was done.',
  closedAt: 'When it was closed; null while it is open.',
  openedAt: 'When it was opened.',
  effectiveAt: 'From when on it counts.',
  validFrom: 'From when on it counts.',
  publishedAt: 'When it was published; null for a draft.',
  bookedAt: 'When it was booked.',
  postedAt: 'When it was posted.',
  parkedAt: 'Since when it waits.',
  revokedAt: 'When it was ended; null while it holds.',
  usedAt: 'When it was used; null while it was not.',
  usedFrom: 'The network address that it was used from.',
  lastUsedAt: 'When it was last used; null where it never was.',
  firstSeenAt: 'When it was first seen.',
  lastSeenAt: 'When it was last seen.',
  // Web Authentication (level 3, sections 5.4 and 5.8): the names of that specification.
  rawId: 'As Web Authentication defines it.',
  response: 'As Web Authentication defines it.',
  authenticatorAttachment: 'As Web Authentication defines it.',
  clientExtensionResults: 'As Web Authentication defines it.',
  allowCredentials: 'As Web Authentication defines it.',
  excludeCredentials: 'As Web Authentication defines it.',
  authenticatorSelection: 'As Web Authentication defines it.',
  attestation: 'As Web Authentication defines it.',
  pubKeyCredParams: 'As Web Authentication defines it.',
  rp: 'As Web Authentication defines it.',
  rpId: 'As Web Authentication defines it.',
  timeout: 'As Web Authentication defines it; milliseconds.',
  userVerification: 'As Web Authentication defines it.',
};

/** What a noun is, where its own contract does not say it. */
const nounWords: Readonly<Record<string, string>> = {
  NewAccountRequest: 'The trading account that a client asks for.',
  NewTradingAccount: 'A trading account to open.',
  NewClient: 'A person or company to take in as a client.',
  ClientChange: 'What becomes different of a client; what is left out stays.',
  NewIb: 'An introducing broker to put into the tree.',
  NewClientLink: 'A client to put under an introducing broker.',
  IbMove: 'Where an introducing broker is to stand, from when on, and why.',
  IbStatusChange: 'What becomes of an introducing broker, and why.',
};

type Described = {
  description?: string;
  $ref?: string;
  properties?: Record<string, unknown>;
  [keyword: string]: unknown;
};
const isSchema = (value: unknown): value is Described => typeof value === 'object' && value !== null;

/** Says of each noun what it is, where nothing is said of it. */
export function explainNouns(schemas: Readonly<Record<string, unknown>>): void {
  for (const [name, schema] of Object.entries(schemas)) {
    const words = nounWords[name];
    if (isSchema(schema) && schema.description === undefined && words !== undefined) schema.description = words;
  }
}

/** Says of each field of a schema, and of all that it holds, what it means where nothing is said of it. */
export function explainFields(schema: unknown): void {
  if (!isSchema(schema)) return;
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const words = Object.hasOwn(fieldWords, name) ? fieldWords[name] : undefined;
    if (isSchema(field) && field.description === undefined && field.$ref === undefined && words !== undefined)
      field.description = words;
  }
  for (const inner of Object.values(schema)) {
    if (Array.isArray(inner)) for (const each of inner) explainFields(each);
    else explainFields(inner);
  }
}
