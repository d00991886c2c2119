import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../kernel/clock.ts';
import type { Problem } from '../kernel/problem.ts';
import type { Logger } from '../platform/logger.ts';
import { rawProblem } from './answer.ts';
import { newRequestId, newTraceId, traceparentOf } from './context.ts';
import { httpProblem } from './errors.ts';

/** Where and how to listen; times in milliseconds. */
type ServerSettings = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** How long requests under way may take to finish when the server is stopped. */
  readonly graceMs: number;
  /** How long it goes on answering (as draining) before it stops listening, so that a load balancer notices. */
  readonly drainMs: number;
  readonly problemsUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
};

export type HttpServer = {
  readonly port: number;
  /** Whether `stop` was called: `/readyz` says so. */
  readonly isDraining: () => boolean;
  /** Stops listening, lets requests under way finish for `graceMs`, then cuts the rest off. */
  readonly stop: () => Promise<void>;
};

const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 30_000;
const TIMEOUT_CHECK_MS = 5_000;
const KEEP_ALIVE_MS = 65_000; // Longer than a load balancer keeps its side, so that it never reuses a connection that just closed.

/** Listens, and answers with `listener`. */
export async function serve(listener: RequestListener, settings: ServerSettings): Promise<HttpServer> {
  let draining = false;
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.on('finish', () => {
      if (draining && !server.listening) setImmediate(() => server.closeIdleConnections());
    });
    listener(request, response);
  });
  server.on('clientError', answerClientError(settings));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, settings.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => settings.log.error({ err: error }, 'the HTTP server failed'));
  let stopped: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    isDraining: () => draining,
    stop: () => {
      draining = true;
      stopped ??= stop(server, settings);
      return stopped;
    },
  };
}

async function stop(server: Server, { drainMs, graceMs, log }: ServerSettings): Promise<void> {
  if (drainMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, drainMs));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cutOff = setTimeout(() => {
    log.warn({ graceMs }, 'requests did not finish in time and were cut off');
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearTimeout(cutOff);
}

const clientProblems: Readonly<Record<string, () => [Problem, string]>> = {
  HPE_HEADER_OVERFLOW: () => [httpProblem('http.headers_too_large'), 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: () => [httpProblem('http.request_timeout'), 'Request Timeout'],
};

/** Bytes that never became a request get a problem as well, where the other side still listens. */
const answerClientError =
  ({ problemsUrl, clock, log }: ServerSettings) =>
  (error: Error & { code?: string }, socket: Duplex): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [problem, reason] = clientProblems[error.code ?? '']?.() ?? [httpProblem('http.bad_request'), 'Bad Request'];
    const requestId = newRequestId(clock.now());
    const traceId = newTraceId();
    log.info({ requestId, traceId, code: problem.code, reason: error.code }, 'a request was refused before it was one');
    const names = { requestId, traceparent: traceparentOf(traceId) };
    socket.end(rawProblem(problem, problemsUrl, names, reason), () => socket.destroy());
  };
