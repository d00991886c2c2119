import { defineProblems } from '../kernel/problem.ts';

export const tenancyProblem = defineProblems({
  'tenancy.host_unknown': { status: 404, title: 'No tenant answers under this host name' },
  'tenancy.tenant_unknown': { status: 404, title: 'There is no such tenant' },
  'tenancy.suspended': { status: 403, title: 'This tenant is suspended' },
  'tenancy.database_unavailable': { status: 503, title: "The tenant's database is not reachable at the moment" },
  'tenancy.registry_unavailable': { status: 503, title: 'The registry of tenants is not reachable at the moment' },
  'tenancy.connections_exhausted': { status: 503, title: 'All database connections are busy' },
  'tenancy.stopping': { status: 503, title: 'This process is about to stop' },
  'tenancy.wrong_database': { status: 500, title: 'The connection reached a database that belongs to somebody else' },
  'tenancy.slug_invalid': {
    status: 422,
    title: 'A tenant is named by 2 to 40 small letters, digits and hyphens, first a letter',
  },
  'tenancy.slug_taken': { status: 409, title: 'A tenant of this name exists already' },
  'tenancy.host_taken': { status: 409, title: 'Another tenant answers under this host name' },
  'tenancy.secret_changed': { status: 500, title: 'The secret is not the one that this installation was made with' },
  'tenancy.not_migrated': { status: 503, title: 'The database is not as new as this version of the program' },
  'tenancy.migration_failed': { status: 500, title: 'A migration could not be applied to a database' },
  'tenancy.administrator_limited': {
    status: 500,
    title: 'The role of DATABASE_URL may not do what making a tenant needs',
  },
});
