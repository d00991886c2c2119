import type { IncomingMessage, ServerResponse } from 'node:http';
import { pinoHttp } from 'pino-http';
import type { Logger } from '../platform/logger.ts';
import { contextOf } from './context.ts';

/** Asked every few seconds by machines; they would drown everything else. */
const QUIET_PATHS = new Set(['/healthz', '/readyz', '/metrics']);

const pathOf = (request: IncomingMessage): string => {
  const address =
    'originalUrl' in request && typeof request.originalUrl === 'string' ? request.originalUrl : (request.url ?? '');
  return address.replace(/\?.*$/s, ''); // A query may carry what nobody should read in a log.
};

/** One line per answer: who was asked, what, by which tenant's name, how it ended and how long it took. No headers, no bodies. */
export const accessLog = (log: Logger) =>
  pinoHttp({
    logger: log,
    genReqId: (request) => contextOf(request).requestId,
    quietReqLogger: true,
    quietResLogger: true,
    wrapSerializers: false,
    serializers: { res: (response: ServerResponse) => ({ status: response.statusCode }) },
    customAttributeKeys: { reqId: 'requestId', responseTime: 'durationMs' },
    customProps: (request) => {
      const { tenant, traceId, way } = contextOf(request);
      const asked = { method: request.method, path: pathOf(request), remoteAddress: way.remoteAddress };
      return { ...asked, traceId, ...(tenant === undefined ? {} : { tenant: tenant.slug }) };
    },
    customLogLevel: (request, response, error) => {
      if (error !== undefined || response.statusCode >= 500) return 'error';
      return QUIET_PATHS.has(pathOf(request)) ? 'debug' : 'info';
    },
    customSuccessMessage: () => 'answered',
    customErrorMessage: () => 'answered',
  });
