import { type Condition, type MaskableField, type PolicyRow, operatorRole } from './types.ts';

type More = {
  readonly conditions?: readonly Condition[];
  readonly masked?: readonly MaskableField[];
  readonly kycStates?: readonly string[];
};

/** Actions as one text of words; everything of the kind unless `conditions` says less. */
const rows = (
  roles: string,
  resource: string,
  actions: string,
  { conditions = ['all'], masked = [], kycStates }: More = {},
): PolicyRow[] =>
  roles.split(' ').map((role) => ({
    role,
    resource,
    actions: actions.split(' '),
    conditions,
    masked,
    ...(kycStates === undefined ? {} : { kycStates }),
  }));

const staff = 'owner admin compliance finance support auditor';
const contact: readonly MaskableField[] = ['email', 'phone'];
const personal: readonly MaskableField[] = ['email', 'phone', 'documents'];
const theirs: More = { conditions: ['assigned', 'desk'] };
const own: More = { conditions: ['own'] };
const subtree: More = { conditions: ['subtree'] };

/**
 * The table of rights: who may do what to which objects, and which fields are masked. It is the only place that says so:
 * the API, the live stream, exports and the generated tests read it. A role has one row at most for an action on a resource.
 */
export const policyTable: readonly PolicyRow[] = [
  // People who trade, and their trading accounts.
  ...rows('owner admin compliance', 'clients', 'list read create update assign reveal timeline'),
  ...rows('finance support', 'clients', 'list read reveal timeline', { masked: personal }),
  ...rows('auditor', 'clients', 'list read timeline', { masked: personal }),
  ...rows('sales', 'clients', 'list read create update timeline', theirs),
  ...rows('ib', 'clients', 'list read', { ...subtree, masked: personal }),
  ...rows('client', 'clients', 'read', own),
  ...rows('api_key', 'clients', 'list read create update'),
  ...rows('owner admin compliance', 'accounts', 'list read create'),
  ...rows('finance support auditor', 'accounts', 'list read'),
  ...rows('sales', 'accounts', 'list read create', theirs),
  ...rows('ib', 'accounts', 'list read', subtree),
  ...rows('client', 'accounts', 'list read', own),
  ...rows('client', 'accounts', 'ask', { ...own, kycStates: ['approved'] }),
  ...rows('api_key', 'accounts', 'list read create'),

  // The IB tree.
  ...rows('owner admin', 'ibs', 'list read create move suspend link'),
  ...rows('compliance finance sales support auditor', 'ibs', 'list read'),
  ...rows('ib', 'ibs', 'list read', subtree),
  ...rows('api_key', 'ibs', 'list read create link'),
  ...rows('owner admin', 'ibs', 'approve'),

  // Plans, trades and what they earned.
  ...rows('owner admin', 'plans', 'list read create draft publish assign agree approve simulate'),
  ...rows('finance', 'plans', 'list read approve simulate'),
  ...rows('compliance sales support auditor', 'plans', 'list read'),
  ...rows('api_key', 'plans', 'list read'),
  ...rows(staff, 'exceptions', 'list'),
  ...rows('api_key', 'exceptions', 'list'),
  ...rows(staff, 'trades', 'list read explain'),
  ...rows('sales', 'trades', 'list read', theirs),
  ...rows('ib', 'trades', 'list read explain', subtree),
  ...rows('client', 'trades', 'list read explain', own),
  ...rows('api_key', 'trades', 'list read explain'),
  ...rows(staff, 'rebates', 'list'),
  ...rows('ib client', 'rebates', 'list', own),
  ...rows('api_key', 'rebates', 'list'),
  ...rows('owner admin finance', 'reruns', 'list read ask approve'),
  ...rows('compliance support auditor api_key', 'reruns', 'list read'),
  ...rows('owner admin finance', 'chargebacks', 'ask approve'),
  ...rows('owner admin finance', 'awards', 'list read progress run'),
  ...rows('compliance support auditor', 'awards', 'list read progress'),
  ...rows('ib client', 'awards', 'list read', own),
  ...rows('api_key', 'awards', 'list read'),
  ...rows('owner admin finance', 'client_costs', 'list record'),
  ...rows('compliance support auditor', 'client_costs', 'list'),
  ...rows('api_key', 'client_costs', 'list record'),
  ...rows('owner admin finance', 'discrepancies', 'list acknowledge'),
  ...rows('compliance support auditor', 'discrepancies', 'list'),
  ...rows('api_key', 'discrepancies', 'list'),

  // The books.
  ...rows('owner admin finance', 'ledger', 'list read balance adjust approve'),
  ...rows('compliance auditor', 'ledger', 'list read balance'),
  ...rows('ib client', 'ledger', 'list read', own),
  ...rows('api_key', 'ledger', 'list read balance'),

  // Long work; of each kind only who has the right that the kind names. What people agreed to no program stops.
  ...rows('owner admin finance', 'tasks', 'list read cancel download'),
  ...rows('compliance support auditor', 'tasks', 'list read download'),
  ...rows('api_key', 'tasks', 'list read download'),

  // What is paid out.
  ...rows('owner admin finance', 'payout_runs', 'list read draft review approve'),
  ...rows('compliance', 'payout_runs', 'list read review'),
  ...rows('auditor support api_key', 'payout_runs', 'list read'),
  ...rows(staff, 'payouts', 'list'),
  ...rows('ib client', 'payouts', 'list', own),
  ...rows('api_key', 'payouts', 'list'),
  ...rows('owner admin finance', 'wallets', 'read choose'),
  ...rows('compliance auditor support', 'wallets', 'read'),
  ...rows('ib', 'wallets', 'read choose', own),
  ...rows('owner admin finance', 'closings', 'list read close approve'),
  ...rows('compliance auditor support api_key', 'closings', 'list read'),
  ...rows('owner admin finance', 'disputes', 'list read write assign decide approve limits limit'),
  ...rows('compliance', 'disputes', 'list read write assign limits'),
  ...rows('support', 'disputes', 'list read write'),
  ...rows('auditor', 'disputes', 'list read limits'),
  ...rows('ib', 'disputes', 'list read open write withdraw', own),
  ...rows('api_key', 'disputes', 'list read'),

  // Statements, and what they are made of.
  ...rows('owner admin finance', 'payout_schedules', 'list create'),
  ...rows('compliance support auditor', 'payout_schedules', 'list'),
  ...rows('ib client', 'payout_schedules', 'list', own),
  ...rows('api_key', 'payout_schedules', 'list'),
  ...rows(staff, 'accruals', 'read'),
  ...rows('ib client', 'accruals', 'read', own),
  ...rows('api_key', 'accruals', 'read'),
  ...rows(staff, 'statements', 'list read download verify'),
  ...rows('ib client', 'statements', 'list read download verify', own),
  ...rows('api_key', 'statements', 'list read download verify'),

  // What comes in.
  ...rows('owner admin', 'sources', 'list create rotate'),
  ...rows('support auditor', 'sources', 'list'),
  ...rows('owner admin', 'parked', 'list rerun open'),
  ...rows('finance support auditor', 'parked', 'list'),
  ...rows('api_key', 'parked', 'list rerun'),

  // People who work here, and what may be done.
  ...rows('owner admin', 'users', 'list read invite update suspend reset'),
  ...rows('compliance', 'users', 'list read suspend', { masked: ['phone'] }),
  ...rows('auditor', 'users', 'list read', { masked: contact }),
  ...rows('owner admin support', 'users', 'impersonate'),
  ...rows('owner admin', 'roles', 'list create update remove'),
  ...rows('compliance auditor', 'roles', 'list'),
  ...rows('owner admin', 'desks', 'list create update'),
  ...rows('compliance finance sales support auditor', 'desks', 'list'),
  ...rows('owner admin', 'api_keys', 'list create revoke'),
  ...rows('auditor', 'api_keys', 'list'),
  ...rows(staff, 'approvals', 'list read'),
  ...rows('owner admin finance compliance', 'approvals', 'decide'),
  ...rows('owner admin compliance', 'platform_grants', 'list revoke'),
  ...rows('auditor', 'platform_grants', 'list'),
  ...rows('owner admin compliance auditor', 'audit', 'list export'),
  ...rows(`${staff} sales ib client`, 'events', 'stream'),

  // The installation's own host.
  ...rows(operatorRole, 'tenants', 'list read create invite migrate suspend resume export update'),
  ...rows(operatorRole, 'tenant_entries', 'list create enter revoke'),
  ...rows(operatorRole, 'operators', 'list invite suspend'),
  ...rows(operatorRole, 'operator_audit', 'list export'),
];
