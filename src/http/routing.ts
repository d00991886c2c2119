import express, { type Request, type Response, type Router } from 'express';
import { type OperationForm, isRight } from '../kernel/operation.ts';
import type { Access } from '../platform/access.ts';
import { countQueries } from '../platform/query-count.ts';
import type { AnyAnswer, Route, RouteRequest } from '../platform/route.ts';
import { sendAnswer } from './answer.ts';
import { contextOf } from './context.ts';
import { httpProblem } from './errors.ts';
import { requireOperator } from './operator.ts';
import { bodyOf, paramsOf, queryOf } from './parts.ts';
import type { AppSettings } from './settings.ts';

/** A router of all routes of one kind of host; a known address with another method is 405. */
export function routerOf(settings: AppSettings, on: 'tenant' | 'bare'): Router {
  const router = express.Router({ caseSensitive: true });
  const methods = new Map<string, Set<string>>();
  for (const route of fixedFirst(settings.routes)) {
    const { operation } = route;
    if (operation.on !== on && operation.on !== 'both') continue;
    if (operation.need === 'operator_token' && operation.on !== 'bare')
      throw new TypeError(`${operation.id}: the operator's token counts on the bare host only`);
    const path = patternOf(operation);
    const allowed = methods.get(path) ?? new Set<string>();
    if (allowed.has(operation.method)) throw new TypeError(`${operation.method} ${path} is mounted twice`);
    methods.set(path, allowed.add(operation.method));
    router[operation.method](path, (request, response) => answerRoute(settings, route, request, response));
  }
  for (const [path, allowed] of methods)
    router.all(path, (_request, response) => {
      const names = [...allowed].flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
      response.setHeader('Allow', names.join(', '));
      throw httpProblem('http.method_not_allowed', { detail: `Allowed: ${names.join(', ')}` });
    });
  return router;
}

/** `/plans/simulate` before `/plans/{planId}`, whatever the order in which features name them. */
const fixedFirst = (routes: readonly Route[]): Route[] => {
  const key = ({ operation }: Route): string => operation.path.replaceAll('{', '\u{10ffff}');
  return routes.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
};

/** `/clients/{clientId}` as Express writes it: `/clients/:clientId`. */
const patternOf = ({ path }: OperationForm): string => path.replace(/\{(\w+)\}/g, ':$1');

/** Runs a route: who calls and whether he may, then the parts of the request, then the handler. Its statements are counted. */
async function answerRoute(settings: AppSettings, route: Route, request: Request, response: Response): Promise<void> {
  const startedMs = performance.now();
  await countQueries(async (counter) => {
    response.once('close', () =>
      settings.onRequest?.({
        method: request.method,
        route: route.operation.path,
        status: response.statusCode,
        durationMs: performance.now() - startedMs,
        queries: counter.queries,
      }),
    );
    const access = await accessOf(settings, route.operation, request);
    const seen = await requestOf(route.operation, access, request, response);
    if (route.kind === 'stream') return route.handle(seen, { incoming: request, response });
    const answer = await (route.kind === 'plain' ? route.handle(seen) : handleOnce(settings, route.handle, seen));
    return sendAnswer(response, answer, route.operation.contentType);
  });
}

type HandleIn = Extract<Route, { kind: 'idempotent' }>['handle'];

async function handleOnce(settings: AppSettings, handle: HandleIn, request: RouteRequest): Promise<AnyAnswer> {
  const { tenantId, origin } = request;
  if (tenantId === null) throw new Error('money moves on a tenant’s host only');
  return settings.withTenant(tenantId, origin, (tx) => handle(tx, request));
}

/** Who calls, with what he reaches; null where the operation does not ask. */
async function accessOf(settings: AppSettings, operation: OperationForm, request: Request): Promise<Access | null> {
  const { need } = operation;
  if (need === 'operator_token') requireOperator(settings.isOperator, request);
  if (!isRight(need) && need !== 'signed_in') return null;
  const { requestId, tenant } = contextOf(request);
  const tenantId = tenant?.id ?? null;
  const caller = await settings.guard.authenticate(request.headers.authorization, { tenantId });
  return settings.guard.authorize(caller, operation, { tenantId, requestId });
}

/** The request as its handler sees it, each part read by the operation's schema. */
async function requestOf(
  operation: OperationForm,
  access: Access | null,
  request: Request,
  response: Response,
): Promise<RouteRequest> {
  const { requestId, log, tenant, way } = contextOf(request);
  const tenantId = tenant?.id ?? null;
  if (operation.on === 'tenant' && tenantId === null) throw new Error('a route of a tenant was reached without one');
  const params = paramsOf(operation, textsOf(request.params));
  const query = queryOf(operation, request.originalUrl);
  const { value } = await bodyOf(operation, request, response);
  const actor = operation.need === 'operator_token' ? 'operator' : 'public';
  const seen = {
    ...{ requestId, log, tenantId, ...way, params, query, access },
    headers: textsOf(request.headers),
    body: value,
    origin: access?.origin ?? { actor, causation: requestId },
  };
  return seen as RouteRequest; // The schemas have made the parts what the operation says they are.
}

/** Headers and parameters as single texts; what came as several is joined as HTTP joins it. */
const textsOf = (values: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
