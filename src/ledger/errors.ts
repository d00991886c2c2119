import { defineProblems } from '../kernel/problem.ts';

export const ledgerProblem = defineProblems({
  'ledger.units_invalid': { status: 422, title: 'A transfer moves at least one ledger unit' },
  'ledger.account_unknown': { status: 404, title: 'There is no such ledger account' },
  'ledger.account_same': { status: 422, title: 'A transfer needs two different accounts' },
  'ledger.account_owner_invalid': { status: 422, title: 'An account of this purpose cannot belong to this owner' },
  'ledger.currency_mismatch': { status: 422, title: 'The transfer and both its accounts must have one currency' },
  'ledger.overdrawn': { status: 409, title: 'The account does not hold enough free money' },
  'ledger.overflow': { status: 422, title: 'The amount is larger than an account can hold' },
  'ledger.pending_unknown': { status: 404, title: 'There is no such hold' },
  'ledger.pending_resolved': { status: 409, title: 'The hold was posted or voided before' },
  'ledger.pending_exceeded': { status: 422, title: 'A hold cannot be posted with more than it holds' },
  'ledger.already_posted': { status: 409, title: 'A transfer of this reference and leg was posted before' },
});
