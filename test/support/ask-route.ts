import type { AnyAnswer, Route, RouteRequest } from '../../src/platform/route.ts';
import { testLog, testOrigin } from './tenancy.ts';

type Parts = { readonly [Part in keyof RouteRequest]?: unknown };

/** Calls the handler of one of these routes directly, without HTTP, with the parts of a request that matter. */
export function askRoute(routes: readonly Route[], operationId: string, parts: Parts = {}): Promise<AnyAnswer> {
  const found = routes.find((route) => route.operation.id === operationId);
  if (found?.kind !== 'plain') throw new Error(`there is no plain route ${operationId}`);
  const request = {
    requestId: 'req_test',
    remoteAddress: '127.0.0.1',
    host: 'acme.localhost',
    isSecure: false,
    access: null,
    origin: testOrigin,
    log: testLog,
    tenantId: null,
    params: {},
    query: {},
    headers: {},
    body: undefined,
    ...parts,
  };
  return found.handle(request as unknown as RouteRequest);
}
