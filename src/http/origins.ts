import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf } from './context.ts';
import { httpProblem } from './errors.ts';
import type { AppSettings } from './settings.ts';

/**
 * Refuses what a page of another origin made a browser send: for whatever rests on something that a browser adds by
 * itself, such as a cookie. The browser's own word (Fetch Metadata) counts first: behind a proxy the Host header may be
 * another one than the browser's. Programs send neither and are let through.
 */
export function requireSameOrigin(request: IncomingMessage): void {
  if (comesFromElsewhere(request)) throw httpProblem('http.foreign_origin');
}

function comesFromElsewhere(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (typeof site === 'string') return site !== 'same-origin' && site !== 'none';
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}

const ORIGIN_CHARACTERS_MAX = 300;
const PREFLIGHT_SECONDS = '600';
const HEADERS_ALLOWED = 'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Traceparent, X-Request-Id';
const HEADERS_SHOWN =
  'Cascade-Impersonated-By, Idempotent-Replayed, RateLimit, RateLimit-Policy, Retry-After, Traceparent, X-Request-Id';
const CORS_ORIGIN = 'Access-Control-Allow-Origin';

/**
 * Lets pages of a tenant's other hosts read answers (Fetch, CORS protocol): the exact origin is repeated, never a star,
 * and only where the origin's host leads to the very tenant that is asked, by the same scheme and port.
 */
export function allowOwnOrigins({ tenantOfHost }: Pick<AppSettings, 'tenantOfHost'>) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { origin } = request.headers;
    const { tenant, way } = contextOf(request);
    if (tenant === undefined) return;
    response.appendHeader('Vary', 'Origin');
    if (origin === undefined || origin.length > ORIGIN_CHARACTERS_MAX || !URL.canParse(origin)) return;
    const asked = new URL(`${way.isSecure ? 'https' : 'http'}://${way.host}`);
    const asking = new URL(origin);
    if (asking.origin !== origin || asking.protocol !== asked.protocol || asking.port !== asked.port) return;
    if (asking.host !== asked.host) {
      const other = await tenantOfHost(asking.host).catch(() => undefined); // Whose host it is cannot be known: it is not ours.
      if (other?.id !== tenant.id) return;
    }
    response.setHeader(CORS_ORIGIN, origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    response.setHeader('Access-Control-Expose-Headers', HEADERS_SHOWN);
  };
}

/** Answers a browser that asks whether it may send a request to a path with these methods; false where it asked no such thing. */
export function answerPreflight(
  request: IncomingMessage,
  response: ServerResponse,
  methods: readonly string[],
): boolean {
  const wanted = request.headers['access-control-request-method'];
  if (request.method !== 'OPTIONS' || wanted === undefined || !response.hasHeader(CORS_ORIGIN)) return false;
  response.appendHeader('Vary', 'Access-Control-Request-Method, Access-Control-Request-Headers');
  response.setHeader('Access-Control-Allow-Methods', methods.join(', '));
  response.setHeader('Access-Control-Allow-Headers', HEADERS_ALLOWED);
  response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
  response.statusCode = 204;
  response.end();
  return true;
}
