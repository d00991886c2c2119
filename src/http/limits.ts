import type { ServerResponse } from 'node:http';
import type { OperationForm } from '../kernel/operation.ts';
import { Problem } from '../kernel/problem.ts';
import type { TenantId } from '../kernel/ids.ts';
import type { Caller } from '../platform/access.ts';
import { networkOf } from '../platform/addresses.ts';
import { type CountKind, type Counter, WINDOW_SECONDS } from '../platform/limits.ts';
import { httpProblem } from './errors.ts';

/** How often may be asked, in requests per minute. */
export type LimitSettings = {
  readonly counter: Counter;
  /** All people and programs of a tenant together; those who need not say who they are have as many for themselves. */
  readonly tenantMaxOf: (tenantId: TenantId) => number | Promise<number>;
  /** One caller. */
  readonly callerMax: number;
  /** One address that need not say who it is. */
  readonly addressMax: number;
  /** One address that was refused because of what it signed or who it said it was. */
  readonly refusalsMax: number;
};

/** What was counted for one request so far; its answer says it (draft-ietf-httpapi-ratelimit-headers-10). */
type Counted = { readonly name: string; readonly max: number; readonly left: number; readonly resetSeconds: number };

/** The limits that a request is counted against; every answer says what is left of them. */
export type Limits = {
  /** Before anything is known of the caller. */
  readonly onArrival: (asked: Arrival) => Promise<void>;
  /** When the caller is known. */
  readonly onCaller: (caller: Caller, tenantId: TenantId | null, response: ServerResponse) => Promise<void>;
  /** When an answer refused a signature or a token. */
  readonly onRefusal: (remoteAddress: string, error: unknown) => Promise<void>;
};

type Arrival = {
  readonly operation: OperationForm;
  readonly tenantId: TenantId | null;
  readonly remoteAddress: string;
  readonly response: ServerResponse;
};

const API = '/api/';
const UNAUTHORIZED = 401;
/** An address' refusals are remembered by the process that refused, so that asking for them costs nothing. */
const REFUSED_MAX = 10_000;

/** Counts requests by tenant, caller and address. */
export function makeLimits(settings: LimitSettings): Limits {
  const { counter } = settings;
  const refused = new Map<string, { readonly untilMs: number }>();
  const count = async (
    response: ServerResponse,
    [name, kind, key]: readonly [string, CountKind, string],
    max: number,
  ): Promise<void> => {
    const { used, resetMs } = await counter.add(name, kind, key);
    const resetSeconds = Math.max(1, Math.ceil(resetMs / 1000));
    tell(response, { name, max, left: Math.max(0, max - used), resetSeconds });
    if (used > max) throw exceeded(name, max, resetSeconds);
  };
  return {
    onArrival: async ({ operation, tenantId, remoteAddress, response }) => {
      const address = networkOf(remoteAddress);
      const { need, path } = operation;
      const block = need === 'public' ? undefined : refused.get(address);
      if (block !== undefined) {
        const leftMs = block.untilMs - performance.now();
        if (leftMs > 0) throw exceeded('refusals', settings.refusalsMax, Math.ceil(leftMs / 1000));
        refused.delete(address);
      }
      if (need !== 'public' || !path.startsWith(API)) return;
      await count(response, ['address', 'any', address], settings.addressMax);
      if (tenantId !== null) await count(response, ['visitors', 'few', tenantId], await settings.tenantMaxOf(tenantId));
    },
    // Neither what strangers ask for nor what one caller asks for beyond his own limit uses up what a tenant's people have.
    onCaller: async ({ kind, id }, tenantId, response) => {
      await count(response, ['caller', 'few', `${kind}/${id}`], settings.callerMax);
      if (tenantId !== null) await count(response, ['tenant', 'few', tenantId], await settings.tenantMaxOf(tenantId));
    },
    onRefusal: async (remoteAddress, error) => {
      if (!(error instanceof Problem) || error.status !== UNAUTHORIZED) return;
      const address = networkOf(remoteAddress);
      const { used, resetMs } = await counter.add('refusals', 'any', address);
      if (used < settings.refusalsMax) return;
      const [oldest] = refused.keys();
      if (refused.size >= REFUSED_MAX && oldest !== undefined) refused.delete(oldest);
      refused.set(address, { untilMs: performance.now() + resetMs });
    },
  };
}

function detailOf(name: string, max: number): string {
  if (name === 'sign-in')
    return `Too many sign-ins, registrations or requests for a mail in ${WINDOW_SECONDS} seconds; a mail to one address counts several times`;
  return `At most ${max} in ${WINDOW_SECONDS} seconds for one ${name === 'refusals' ? 'address that is refused' : name}`;
}

const exceeded = (name: string, max: number, retryAfterSeconds: number): Problem =>
  httpProblem('http.rate_limited', {
    detail: detailOf(name, max),
    limit: name,
    retryAfterSeconds,
  });

/** Adds a limit to the headers of the answer, beside those that were counted before. */
function tell(response: ServerResponse, { name, max, left, resetSeconds }: Counted): void {
  if (response.headersSent) return;
  const add = (header: string, text: string): void => {
    const before = response.getHeader(header);
    response.setHeader(header, typeof before === 'string' ? `${before}, ${text}` : text);
  };
  add('RateLimit-Policy', `"${name}";q=${max};w=${WINDOW_SECONDS}`);
  add('RateLimit', `"${name}";r=${left};t=${resetSeconds}`);
}

/**
 * Bounds how often something may be asked for where the caller is not known yet: signing in, registering, asking for a
 * reset. `key` names what is counted and for whom, its parts joined by slashes; an IPv6 address in it counts as its /64.
 */
export const makeLimit =
  (counter: Counter, max: number) =>
  async (key: string, cost: number): Promise<void> => {
    const counted = key.split('/').map(networkOf).join('/');
    const { used, resetMs } = await counter.add('sign-in', 'any', counted, cost);
    if (used > max) throw exceeded('sign-in', max, Math.max(1, Math.ceil(resetMs / 1000)));
  };
