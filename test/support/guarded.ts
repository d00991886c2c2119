import { createApp, type HttpServer, serve } from '../../src/http/index.ts';
import { makePolicy } from '../../src/identity/index.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { Problem } from '../../src/kernel/problem.ts';
import type { Caller, Guard } from '../../src/platform/access.ts';
import { operatorGuard } from '../../src/platform/operator-token.ts';
import type { Route } from '../../src/platform/route.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { testLog } from './tenancy.ts';

/**
 * Routes behind the real table of rights, with callers that the test makes and unmakes: their token is the name under
 * which they stand in `callers`. For what does not ask how somebody came to be signed in.
 */
export async function serveGuarded(
  tenancy: Tenancy,
  callers: ReadonlyMap<string, Caller>,
  routesOf: (guard: Guard) => readonly Route[],
): Promise<HttpServer> {
  const { withTenant, withControl, tenantOfHost } = tenancy;
  const policy = makePolicy({ withTenant, withControl, rowsOfTenant: async () => [] });
  const guard: Guard = {
    authenticate: async (authorization) => {
      const caller = callers.get(authorization?.replace('Bearer ', '') ?? '');
      if (caller === undefined) throw new Problem('test.nobody', { status: 401, title: 'Nobody' });
      return caller;
    },
    authorize: policy.authorize,
  };
  const shared = { problemsUrl: 'https://docs.example.com/errors', clock: systemClock, log: testLog };
  const app = createApp({
    ...shared,
    tenantOfHost,
    routes: routesOf(guard),
    mounts: [],
    baseHosts: ['localhost'],
    trustedProxies: [],
    isOperator: operatorGuard('operator-token-of-the-tests-0123456789'),
    guard,
    withTenant,
  });
  return serve(app, { ...shared, host: '127.0.0.1', port: 0, graceMs: 2_000, drainMs: 0 });
}
