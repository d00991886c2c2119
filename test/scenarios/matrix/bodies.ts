/** What bodies name: ids of one tenant's objects, or of none. */
export type Refs = {
  readonly clientId: string;
  readonly ibId: string;
  readonly userId: string;
  readonly deskId: string;
  readonly ledgerAccountIds: readonly [string, string];
  readonly dealId: string;
};

const reason = 'because the matrix asks';
const password = 'a very long password of nobody 7';
const email = 'nobody@example.com';
const token = 'A'.repeat(43);
const bytes = 'AAAA';
const signed = {
  id: bytes,
  rawId: bytes,
  type: 'public-key',
  clientExtensionResults: {},
  response: { clientDataJSON: bytes, authenticatorData: bytes, signature: bytes },
};
const rows = [{ resource: 'plans', actions: ['list'], conditions: ['all'], masked: [] }];
const component = {
  name: 'lots',
  model: { kind: 'per_lot' },
  levels: { kind: 'differential', suspension: 'roll-up' },
  rules: [{ name: 'everything', budget: '8.00' }],
};

/**
 * A body for every operation that takes one, which its schema lets through; where it names objects, those of `refs`. An
 * operation that is not here fails the tests that read this: say what it takes when you add it.
 */
export const bodies: Readonly<Record<string, (refs: Refs) => unknown>> = {
  // Signing in, and what is one's own.
  login: () => ({ email, password }),
  register: () => ({ email, password, firstName: 'No', lastName: 'Body', country: 'CZ' }),
  verifyEmail: () => ({ token }),
  resendVerification: () => ({ email }),
  forgotPassword: () => ({ email }),
  resetPassword: () => ({ token, password }),
  changePassword: () => ({ currentPassword: password, password: `${password}!` }),
  confirmTotp: () => ({ code: '123456' }),
  stepUp: () => ({ otp: '123456' }),
  addPasskey: () => ({
    name: 'key',
    response: { ...signed, response: { clientDataJSON: bytes, attestationObject: bytes, transports: [] } },
  }),
  renamePasskey: () => ({ name: 'key' }),
  acceptInvitation: () => ({ token, password }),

  // People who work here.
  inviteUser: ({ deskId }) => ({ email, name: 'Nobody', roles: ['support'], deskIds: [deskId] }),
  updateUser: () => ({ name: 'Nobody' }),
  suspendUser: () => ({ reason }),
  resumeUser: () => ({ reason }),
  startImpersonation: () => ({ reason }),
  acknowledgeDiscrepancy: () => ({ note: reason }),
  createRole: () => ({ name: 'reader', description: 'Reads', rows }),
  updateRole: () => ({ description: 'Reads' }),
  createDesk: ({ userId }) => ({ name: 'Desk of nobody', memberIds: [userId] }),
  updateDesk: () => ({ name: 'Desk of nobody' }),
  createApiKey: () => ({ name: 'key', scopes: ['plans:list'] }),
  approveApproval: () => ({ hash: '0'.repeat(64) }),
  rejectApproval: () => ({ reason }),

  // Clients and the tree.
  createClient: () => ({ firstName: 'No', lastName: 'Body' }),
  updateClient: () => ({ phone: '+4930901820' }),
  assignClient: ({ userId }) => ({ userId }),
  revealClient: () => ({ fields: ['email'], reason }),
  openAccount: ({ clientId }) => ({
    clientId,
    server: 'Test-Live',
    login: '987654',
    group: 'real\\standard',
    currency: 'USD',
  }),
  askForAccount: () => ({ currency: 'USD' }),
  createIb: ({ ibId }) => ({ name: 'Nobody', parentId: ibId }),
  moveIb: ({ ibId }) => ({ parentId: ibId, reason }),
  setIbStatus: () => ({ status: 'suspended', reason }),
  linkClient: ({ clientId }) => ({ clientId, reason }),

  // What is earned.
  createPlan: () => ({ name: 'Plan of nobody' }),
  draftPlanVersion: () => ({ definition: { currency: 'USD', components: [component] } }),
  publishPlanVersion: () => ({ reason }),
  simulate: ({ ibId, clientId }) => ({
    from: '2026-03-01T00:00:00Z',
    to: '2026-04-01T00:00:00Z',
    assumed: { statuses: [{ ibId, status: 'suspended' }], clients: [{ clientId, ibId }] },
  }),
  assignPlan: ({ ibId }) => ({ ibId }),
  agreeOnRates: ({ ibId }) => ({ ibId, terms: [{ rate: '1.00' }] }),
  overrideRates: ({ ibId, clientId }) => ({
    scope: { kind: 'link', ibId, clientId },
    terms: [{ rate: '1.00' }],
    reason,
  }),
  askRerun: ({ ibId, clientId }) => ({ selection: { from: '2026-03-01T00:00:00Z', ibId, clientId }, reason }),
  askChargeback: ({ clientId }) => ({ clientId, since: '2026-03-01T00:00:00Z', reason, evidence: 'case 1' }),
  requestAdjustment: ({ ledgerAccountIds: [debitAccountId, creditAccountId] }) => ({
    debitAccountId,
    creditAccountId,
    amount: { amount: '1.00', currency: 'USD' },
    reason,
  }),
  recordClientCosts: ({ clientId }) => ({
    costs: [
      {
        clientId,
        kind: 'psp_fee',
        amount: { amount: '1.00', currency: 'USD' },
        at: '2026-03-10T10:00:00Z',
        source: 'matrix',
        reference: 'fee of the matrix',
        reason,
      },
    ],
  }),
  startPeriodRun: () => ({ from: '2026-02-01T00:00:00Z', to: '2026-03-01T00:00:00Z', isPreview: true }),
  setPayoutSchedule: ({ ibId }) => ({ beneficiary: ibId, terms: { cycle: { kind: 'daily' } }, reason }),
  verifyStatementUpload: () => ({ statement: { id: 'sta_00000000000000000000000000' } }),
  draftPayoutRun: ({ ibId }) => ({ beneficiaries: [ibId] }),
  addPayoutItems: () => ({ statementIds: ['sta_00000000000000000000000000'] }),
  holdPayoutItem: () => ({ reason }),
  removePayoutItem: () => ({ reason }),
  submitPayoutRun: () => ({ reason }),
  cancelPayoutRun: () => ({ reason }),
  chooseWallet: () => ({ currency: 'EUR' }),
  requestClosing: () => ({ until: '2020-01-01T00:00:00Z', reason }),
  openDispute: ({ dealId }) => ({
    line: { kind: 'rebate', tradeId: dealId.replace(/^dea/, 'trd') },
    text: 'Too little',
  }),
  writeToDispute: () => ({ text: 'Look at it again' }),
  assignDispute: ({ userId }) => ({ userId }),
  acceptDispute: () => ({ amount: { amount: '1.00', currency: 'USD' }, reason }),
  rejectDispute: () => ({ reason }),
  withdrawDispute: () => ({ reason }),
  setDisputeLimit: () => ({ limit: { amount: '0', currency: 'USD' } }),
  rerunParkedDeals: ({ dealId }) => ({ dealIds: [dealId] }),
  setOpenByHand: () => ({ openedAt: '2026-03-10T10:00:00Z', reason }),
  createFeedSource: () => ({ server: 'Test-Live', name: 'bridge of nobody' }),
  rotateFeedSource: () => ({ previousValidSeconds: 0 }),

  // The installation.
  createTenant: () => ({ slug: 'nobody', name: 'Nobody' }),
  setTenantQuotas: () => ({
    requestsPerMinute: null,
    usersMax: null,
    clientsMax: null,
    exportsPerDay: 1,
    tradesPerDayExpected: null,
  }),
  suspendTenant: () => ({ reason }),
  exportTenant: () => ({ reason }),
  createEntry: () => ({ role: 'auditor', reason, minutes: 5 }),
  inviteOwner: () => ({ email, name: 'Nobody' }),
  inviteOperator: () => ({ email, name: 'Nobody' }),
  suspendOperator: () => ({ reason }),
  resumeOperator: () => ({ reason }),
};

/** The operations whose bodies name objects, so that those of another tenant must be answered like absent ones. */
export const naming: readonly string[] = [
  'inviteUser',
  'createDesk',
  'assignClient',
  'openAccount',
  'createIb',
  'moveIb',
  'linkClient',
  'askRerun',
  'askChargeback',
  'assignPlan',
  'agreeOnRates',
  'simulate',
  'overrideRates',
  'requestAdjustment',
  'recordClientCosts',
  'draftPayoutRun',
];
