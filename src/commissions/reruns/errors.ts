import { defineProblems } from '../../kernel/problem.ts';

export const rerunProblem = defineProblems({
  'commissions.rerun_unknown': { status: 404, title: 'There is no such re-run' },
  'commissions.rerun_empty': { status: 422, title: 'A re-run names a period or a list of trades' },
  'commissions.rerun_version_unknown': { status: 404, title: 'There is no such published version of a plan' },
  'commissions.rerun_not_prepared': { status: 409, title: 'The re-run is not one that waits to be agreed to' },
  'commissions.rerun_changes_nothing': { status: 409, title: 'The re-run would change nothing' },
  'commissions.rerun_outdated': {
    status: 409,
    title: 'What the re-run would change is not what was agreed to any more',
  },
  'commissions.rerun_own': { status: 403, title: 'Who had a re-run computed does not approve it' },
  'commissions.rerun_applying': { status: 409, title: 'Another re-run is being carried out' },
});
