import { defineProblems } from '../../kernel/problem.ts';

/** What can go wrong with the embedded PostgreSQL before it answers; each ends the start with its detail for the operator. */
export const postgresProblem = defineProblems({
  'platform.postgres_missing': { status: 503, title: 'No embedded PostgreSQL is installed for this machine' },
  'platform.postgres_account': { status: 503, title: 'The embedded PostgreSQL has no account to run as' },
  'platform.postgres_folder': { status: 503, title: 'The data folder cannot be used by the embedded PostgreSQL' },
  'platform.postgres_in_use': { status: 409, title: 'The data folder is in use by another running process' },
  'platform.postgres_start_failed': { status: 503, title: 'The embedded PostgreSQL did not start' },
});
