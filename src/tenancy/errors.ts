import { defineProblems } from '../kernel/problem.ts';

export const tenancyProblem = defineProblems({
  'tenancy.host_unknown': { status: 404, title: 'No tenant answers under this host name' },
  'tenancy.tenant_unknown': { status: 404, title: 'There is no such tenant' },
  'tenancy.suspended': { status: 403, title: 'This tenant is suspended' },
  'tenancy.database_unavailable': { status: 503, title: "The tenant's database is not reachable at the moment" },
  'tenancy.connections_exhausted': { status: 503, title: 'All database connections are busy' },
  'tenancy.wrong_database': { status: 500, title: 'The connection reached a database that belongs to somebody else' },
  'tenancy.slug_invalid': { status: 422, title: 'A tenant is named by 2 to 40 small letters, digits and hyphens, first a letter' },
  'tenancy.slug_taken': { status: 409, title: 'A tenant of this name exists already' },
});
