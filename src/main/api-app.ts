import type { RequestListener } from 'node:http';
import { createApp, makeLimits, type Mount } from '../http/index.ts';
import { type ApiDependencies, apiRoutes } from './api-routes.ts';

/** The whole API of an installation, as it answers HTTP. The tests stand on the same function. */
export function createApi(deps: ApiDependencies, mounts: readonly Mount[] = []): RequestListener {
  const { tenancy, config, clock, isOperator, metrics, counter, quotas, usage, log } = deps;
  return createApp({
    tenantOfHost: tenancy.tenantOfHost,
    routes: apiRoutes(deps),
    mounts,
    baseHosts: [config.baseHost],
    publicPort: config.publicPort,
    trustedProxies: config.trustedProxies,
    isOperator,
    guard: deps.identity.guard,
    limits: makeLimits({
      counter,
      tenantMaxOf: async (tenantId) => (await quotas.requestsPerMinuteOf(tenantId)) ?? config.tenantRequestsMax,
      callerMax: config.callerRequestsMax,
      addressMax: config.addressRequestsMax,
      refusalsMax: config.addressRefusalsMax,
    }),
    withTenant: tenancy.withTenant,
    problemsUrl: config.problemsUrl,
    clock,
    log,
    onRequest: (seen) => {
      metrics.observeRequest(seen);
      if (seen.tenantId !== null) usage.add(seen.tenantId, 'requests');
    },
  });
}
