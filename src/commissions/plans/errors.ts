import { defineProblems } from '../../kernel/problem.ts';

export const planProblem = defineProblems({
  'commissions.plan_unknown': { status: 404, title: 'There is no such plan' },
  'commissions.plan_name_taken': { status: 409, title: 'A plan of this name exists already' },
  'commissions.version_unknown': { status: 404, title: 'The plan has no such version' },
  'commissions.version_published': { status: 409, title: 'The version is published, and never changes' },
  'commissions.version_backdated': { status: 409, title: 'A further version of a plan holds from now on or later' },
  'commissions.versions_overlap': {
    status: 409,
    title: 'Another version of the plan holds from that time on, or begins later',
  },
  'commissions.currency_unknown': { status: 422, title: 'The currency is none that money can be kept in' },
  'commissions.currency_unreachable': {
    status: 422,
    title: 'No published rate leads to the currency of the plan, and every trade would wait for one',
  },
  'commissions.definition_invalid': { status: 422, title: 'The definition is not one of a commission plan' },
  'commissions.assignment_backdated': {
    status: 409,
    title: 'A change of plan holds from now on or later, and after the changes before it',
  },
  'commissions.agreement_backdated': {
    status: 409,
    title: 'A changed agreement holds from now on or later, and after the agreements before it',
  },
});
