import { defineProblems } from '../../kernel/problem.ts';

/** Why a deal waits although nothing is wrong with it: what it names is not known yet, or it is taken up soon. */
export const dealWaitsProblem = defineProblems({
  'trading.account_unknown': { status: 422, title: 'No trading account has this login on this server' },
  'trading.group_unknown': { status: 422, title: 'The account group is not described' },
  'trading.symbol_unknown': { status: 422, title: 'The symbol is not mapped' },
  'trading.correction_waits': { status: 422, title: 'An update or deletion of a deal waits to be taken up' },
  'feed.deal_conflict': { status: 409, title: 'The ticket is known with other content' },
});
