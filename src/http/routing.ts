import express, { type Request, type Response, type Router } from 'express';
import { type OperationForm, isRight } from '../kernel/operation.ts';
import type { Access } from '../platform/access.ts';
import { countQueries } from '../platform/query-count.ts';
import type { AnyAnswer, Route, RouteRequest } from '../platform/route.ts';
import { sendAnswer } from './answer.ts';
import { contextOf } from './context.ts';
import { httpProblem } from './errors.ts';
import { answerOnce, onceRequestOf } from './idempotency/service.ts';
import { requireOperator } from './operator.ts';
import { answerPreflight, requireSameOrigin } from './origins.ts';
import { bodyOf, paramsOf, queryOf } from './parts.ts';
import { publicHost } from './rules.ts';
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
    router.all(path, (request, response) => {
      const names = [...allowed]
        .toSorted()
        .flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
      if (answerPreflight(request, response, names)) return;
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
        tenantId: contextOf(request).tenant?.id ?? null,
        method: request.method,
        route: route.operation.path,
        status: response.statusCode,
        durationMs: performance.now() - startedMs,
        queries: counter.queries,
      }),
    );
    const answer = await carryOut(settings, route, request, response);
    if (answer !== undefined) sendAnswer(response, answer, route.operation.contentType);
  });
}

/** Limits, the caller and his right, the parts of the request, the handler: in this order. Nothing where the handler answers by itself. */
async function carryOut(
  settings: AppSettings,
  route: Route,
  request: Request,
  response: Response,
): Promise<AnyAnswer | undefined> {
  const { operation } = route;
  const { tenant, way } = contextOf(request);
  const { remoteAddress } = way;
  await settings.limits?.onArrival({ operation, tenantId: tenant?.id ?? null, remoteAddress, response });
  try {
    const access = await accessOf(settings, operation, request, response);
    const { seen, bytes } = await requestOf(settings, { operation, access }, request, response);
    if (route.kind === 'plain') return await route.handle(seen);
    if (route.kind === 'idempotent')
      return await handleOnce(settings, route, seen, { address: request.originalUrl, body: bytes });
    await route.handle(seen, { incoming: request, response });
    return undefined;
  } catch (error) {
    if (operation.need !== 'public') await settings.limits?.onRefusal(remoteAddress, error);
    throw error;
  }
}

function handleOnce(
  settings: AppSettings,
  { operation, handle }: Route & { kind: 'idempotent' },
  request: RouteRequest,
  sent: { readonly address: string; readonly body: Buffer },
): Promise<AnyAnswer> {
  const { tenantId, origin, access, headers } = request;
  if (tenantId === null || access === null) throw new Error(`${operation.id}: whoever moves money is known`);
  const once = onceRequestOf(operation, access.caller, { key: headers['idempotency-key'], ...sent });
  return settings.withTenant(tenantId, origin, (tx) => answerOnce(tx, once, () => handle(tx, request)));
}

/** Who calls, with what he reaches; null where the operation does not ask. */
async function accessOf(
  settings: AppSettings,
  operation: OperationForm,
  request: Request,
  response: Response,
): Promise<Access | null> {
  const { need } = operation;
  if (operation.readsCookie === true) requireSameOrigin(request);
  if (need === 'operator_token') requireOperator(settings.isOperator, request);
  if (!isRight(need) && need !== 'signed_in') return null;
  const { requestId, tenant, way } = contextOf(request);
  const { remoteAddress } = way;
  const tenantId = tenant?.id ?? null;
  const caller = await settings.guard.authenticate(request.headers.authorization, { tenantId, remoteAddress });
  // Every answer to borrowed eyes says whose they are not, so that no screen can forget the banner.
  if (caller.impersonator !== null) response.setHeader('Cascade-Impersonated-By', caller.impersonator);
  await settings.limits?.onCaller(caller, tenantId, response);
  return settings.guard.authorize(caller, operation, { tenantId, requestId, remoteAddress });
}

/** The request as its handler sees it, each part read by the operation's schema. */
async function requestOf(
  { publicPort }: Pick<AppSettings, 'publicPort'>,
  { operation, access }: { readonly operation: OperationForm; readonly access: Access | null },
  request: Request,
  response: Response,
): Promise<{ readonly seen: RouteRequest; readonly bytes: Buffer }> {
  const { requestId, log, tenant, way } = contextOf(request);
  const tenantId = tenant?.id ?? null;
  if (operation.on === 'tenant' && tenantId === null) throw new Error('a route of a tenant was reached without one');
  const params = paramsOf(operation, textsOf(request.params));
  const query = queryOf(operation, request.originalUrl);
  const { value, bytes } = await bodyOf(operation, request, response);
  const isByUs = way.isSecure === 'encrypted' in request.socket; // Else a proxy ended TLS, and our own port is nobody's.
  const ports = { setting: publicPort, listening: isByUs ? request.socket.localPort : undefined };
  const actor = operation.need === 'operator_token' ? 'operator' : 'public';
  const seen = {
    requestId,
    log,
    tenantId,
    ...way,
    host: publicHost(way, ports),
    params,
    query,
    access,
    headers: textsOf(request.headers),
    body: value,
    origin: access?.origin ?? { actor, causation: requestId },
  };
  return { seen: seen as RouteRequest, bytes }; // The schemas have made the parts what the operation says they are.
}

/** Headers and parameters as single texts; what came as several is joined as HTTP joins it. */
const textsOf = (values: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
