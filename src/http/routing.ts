import express, { type Request, type Response, type Router } from 'express';
import { countQueries } from '../platform/query-count.ts';
import type { Route, RouteAnswer, RouteRequest } from '../platform/route.ts';
import { sendAnswer } from './answer.ts';
import { readBody } from './body.ts';
import { contextOf } from './context.ts';
import { httpProblem } from './errors.ts';
import { requireOperator } from './operator.ts';
import { readQuery } from './rules.ts';
import type { AppSettings } from './settings.ts';

/** A router of all routes of one kind of host; a known address with another method is 405. */
export function routerOf(settings: AppSettings, on: Route['on']): Router {
  const router = express.Router({ caseSensitive: true });
  const methods = new Map<string, Set<string>>();
  for (const route of settings.routes.filter((each) => each.on === on)) {
    if (route.permission === 'operator' && route.on === 'tenant')
      throw new TypeError(`${route.path}: the operator's token counts on the bare host only`);
    const allowed = methods.get(route.path) ?? new Set<string>();
    if (allowed.has(route.method)) throw new TypeError(`${route.method} ${route.path} is mounted twice`);
    methods.set(route.path, allowed.add(route.method));
    router[route.method](route.path, (request, response) => answerRoute(settings, route, request, response));
  }
  for (const [path, allowed] of methods)
    router.all(path, (_request, response) => {
      const names = [...allowed].flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
      response.setHeader('Allow', names.join(', '));
      throw httpProblem('http.method_not_allowed', { detail: `Allowed: ${names.join(', ')}` });
    });
  return router;
}

/** Runs a route: the right to call it, then the bytes of the body, then the handler. Its statements are counted. */
async function answerRoute(settings: AppSettings, route: Route, request: Request, response: Response): Promise<void> {
  const startedMs = performance.now();
  await countQueries(async (counter) => {
    response.once('close', () =>
      settings.onRequest?.({
        method: request.method,
        route: route.path,
        status: response.statusCode,
        durationMs: performance.now() - startedMs,
        queries: counter.queries,
      }),
    );
    if (route.permission === 'operator') requireOperator(settings.isOperator, request);
    sendAnswer(response, await handle(route, request, response));
  });
}

async function handle(route: Route, request: Request, response: Response): Promise<RouteAnswer> {
  const { requestId, log, tenant } = contextOf(request);
  const read = readQuery(request.originalUrl);
  if ('repeated' in read) throw httpProblem('http.query_repeated', { detail: read.repeated.slice(0, 100) });
  const seen: RouteRequest = {
    requestId,
    params: textsOf(request.params),
    query: read.query,
    headers: textsOf(request.headers),
    body: await readBody(request, response, route.bodyBytesMax),
    log,
  };
  if (route.on === 'bare') return route.handle(seen);
  if (tenant === undefined) throw new Error('a route of a tenant was reached without one');
  return route.handle({ ...seen, tenantId: tenant.id });
}

/** Headers and parameters as single texts; what came as several is joined as HTTP joins it. */
const textsOf = (values: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
