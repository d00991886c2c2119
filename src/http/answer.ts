import type { IncomingMessage, ServerResponse } from 'node:http';
import { isProblem, Problem } from '../kernel/problem.ts';
import { isTransient } from '../platform/database.ts';
import { platformProblem } from '../platform/errors.ts';
import type { AnyAnswer } from '../platform/route.ts';
import { httpProblem } from './errors.ts';
import { contextOf } from './context.ts';
import { problemDocument, retryAfterSecondsOf } from './rules.ts';
import type { AppSettings } from './settings.ts';

/** Keys and amounts beyond 2^53 travel as text. */
export const asJson = (value: unknown): string =>
  JSON.stringify(value, (_name, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));

const PROBLEM_JSON = 'application/problem+json; charset=utf-8';

function send(response: ServerResponse, status: number, contentType: string | undefined, body: string | Buffer): void {
  response.statusCode = status;
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-store');
  if (contentType !== undefined) response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** Sends what a handler answered. */
export function sendAnswer(response: ServerResponse, answer: AnyAnswer, contentType?: string): void {
  for (const [name, value] of Object.entries(answer.headers ?? {}))
    if (name === 'Vary') response.appendHeader(name, value); // The origin may matter besides.
    else response.setHeader(name, value);
  if (answer.cookies !== undefined) response.setHeader('Set-Cookie', answer.cookies);
  const mediaType = answer.contentType ?? contentType;
  if (answer.json !== undefined)
    send(response, answer.status, mediaType ?? 'application/json; charset=utf-8', asJson(answer.json));
  else if (answer.text !== undefined)
    send(response, answer.status, mediaType ?? 'text/plain; charset=utf-8', answer.text);
  else if (answer.bytes !== undefined)
    send(response, answer.status, mediaType ?? 'application/octet-stream', answer.bytes);
  else send(response, answer.status, undefined, '');
}

/** The status that Express, or a package below it, gave to an error of the request's own making. */
const requestErrorStatus = (error: unknown): number | undefined =>
  error instanceof Error &&
  'status' in error &&
  typeof error.status === 'number' &&
  error.status >= 400 &&
  error.status < 500
    ? error.status
    : undefined;

/** Any error as a Problem: ours as it is, a database out of reach as 503, a request that cannot be read as 400, all else as 500. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isTransient(error)) return platformProblem('platform.unavailable', { cause: error });
  const status = requestErrorStatus(error);
  if (status === 404) return httpProblem('http.not_found');
  if (status === 413) return httpProblem('http.body_too_large');
  if (status !== undefined) return httpProblem('http.bad_request', { cause: error });
  return platformProblem('platform.internal', { cause: error });
}

/** A bridge sends again what was answered 503, and gives up on 403: a suspended tenant's feed must lose nothing. */
const FEED_WAITS_SECONDS = 30;
const waitsIfFeed = (problem: Problem, { url }: IncomingMessage): Problem =>
  isProblem(problem, 'tenancy.suspended') && url?.startsWith('/feeds/') === true
    ? httpProblem('http.feed_suspended', { cause: problem, retryAfterSeconds: FEED_WAITS_SECONDS })
    : problem;

/** The last step of the application: answers an error, and logs it where it is ours. */
export const sendProblem =
  (settings: Pick<AppSettings, 'problemsUrl'>) =>
  (error: unknown, request: IncomingMessage, response: ServerResponse): void => {
    const { requestId, log } = contextOf(request);
    const problem = waitsIfFeed(problemOf(error), request);
    if (problem.status >= 500 && problem.code !== 'http.feed_suspended')
      log.error({ err: error, code: problem.code }, 'a request failed');
    else log.info({ code: problem.code, detail: problem.detail }, 'a request was refused');
    if (response.headersSent) {
      response.destroy(); // Half an answer is cut off, so that nobody takes it for a whole one.
      return;
    }
    if (response.destroyed) return;
    const retryAfterSeconds = retryAfterSecondsOf(problem);
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
    if (problem.status === 401) response.setHeader('WWW-Authenticate', challengeOf(problem));
    if (!request.complete) response.setHeader('Connection', 'close'); // The rest of the body is not waited for.
    send(response, problem.status, PROBLEM_JSON, asJson(problemDocument(problem, settings.problemsUrl, requestId)));
  };

/** A browser asks for the token when it is offered Basic; feeds get a scheme that no browser reacts to. */
const challengeOf = (problem: Problem): string =>
  problem.code === 'http.operator_token_required' ? 'Basic realm="Cascade operator", charset="UTF-8"' : 'Cascade';

/** The same answer for what never became a request: malformed lines, oversized headers, time-outs. */
export function rawProblem(
  problem: Problem,
  problemsUrl: string,
  { requestId, traceparent }: { readonly requestId: string; readonly traceparent: string },
  reason: string,
): string {
  const text = asJson(problemDocument(problem, problemsUrl, requestId));
  return [
    `HTTP/1.1 ${problem.status} ${reason}`,
    `Content-Type: ${PROBLEM_JSON}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    `X-Request-Id: ${requestId}`,
    `Traceparent: ${traceparent}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    text,
  ].join('\r\n');
}
