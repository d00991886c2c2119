import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { idFromUuid, newUuid } from '../kernel/ids.ts';
import { saneRequestId, traceIdOf } from './rules.ts';
import type { AppSettings, RequestContext } from './settings.ts';

const contexts = new WeakMap<IncomingMessage, RequestContext>();

/** What is known of a request; made by `openContext`, the very first step. */
export function contextOf(request: IncomingMessage): RequestContext {
  const context = contexts.get(request);
  if (context === undefined) throw new Error('the request has no context');
  return context;
}

/** One value of a header that may stand there once. */
const single = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** Gives the request its id and its trace, and the answer both. */
export const openContext =
  ({ clock, log }: Pick<AppSettings, 'clock' | 'log'>) =>
  (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const requestId = saneRequestId(single(request.headers['x-request-id'])) ?? newRequestId(clock.now());
    const traceId = traceIdOf(single(request.headers['traceparent'])) ?? newTraceId();
    const way = { host: '', remoteAddress: request.socket.remoteAddress ?? '', isSecure: false };
    contexts.set(request, { requestId, traceId, way, log: log.child({ requestId, traceId }), tenant: undefined });
    response.setHeader('X-Request-Id', requestId);
    response.setHeader('Traceparent', traceparentOf(traceId));
    next();
  };

/** A new id of a request, also for answers to what never became one. */
export const newRequestId = (now: Date): string => idFromUuid('req', newUuid(now.getTime()));

/** A new id of a trace. */
export const newTraceId = (): string => randomBytes(16).toString('hex');

/** The header that says which trace an answer belongs to (W3C Trace Context, section 3.2). */
export const traceparentOf = (traceId: string): string => `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
