import type { z } from 'zod';
import type { Problem } from '../kernel/problem.ts';
import type { ProblemDocument } from './types.ts';

const SANE_REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{7,127}$/;

/** A caller's own X-Request-Id, where it can go into logs and answers as it is. */
export const saneRequestId = (header: string | undefined): string | undefined =>
  header !== undefined && SANE_REQUEST_ID.test(header) ? header : undefined;

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** The trace id of a W3C `traceparent` header; undefined where there is none that can be used. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  TRACEPARENT.exec(traceparent ?? '')?.[1];

/** The host a trusted proxy was asked for: the last one named, because that is the one it added itself. */
export const forwardedHost = (header: string): string => header.slice(header.lastIndexOf(',') + 1).trim();

/** The ports that are ours. */
type OwnPorts = {
  /** The one that the installation is told to have. */
  readonly setting?: number | undefined;
  /** The one on which the request came here; none where something before us ended TLS. */
  readonly listening?: number | undefined;
};

const THIS_MACHINE = /^((.+\.)?localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * The host that was asked, with the port that pages and mails name. Whoever asks may write any port into the Host header: it
 * counts only where it is our own. A port that the scheme has by itself is left out, as browsers do.
 */
export function publicHost(
  { host, isSecure }: { readonly host: string; readonly isSecure: boolean },
  { setting, listening }: OwnPorts,
): string {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const isOurs = THIS_MACHINE.test(name) || host.endsWith(`:${listening ?? ''}`);
  const port = setting ?? (isOurs ? listening : undefined);
  return port === undefined || port === (isSecure ? 443 : 80) ? name : `${name}:${port}`;
}

const HOPS_MAX = 20;

/**
 * The address behind our proxies: going from the last hop back, the first that is none of them. Whatever stands before
 * it was written by that address itself. Undefined where a hop is no address, or all are proxies.
 */
export function lastUntrusted(
  hops: readonly string[],
  isProxy: (address: string) => boolean,
  isAddress: (text: string) => boolean,
): string | undefined {
  const found = hops.slice(-HOPS_MAX).findLast((hop) => !isProxy(hop));
  return found !== undefined && isAddress(found) ? found : undefined;
}

/**
 * What a caller is told of a problem. Of our own failures (5xx) it learns the code and no more: details and members may
 * hold what only the log should have.
 */
export function problemDocument(problem: Problem, problemsUrl: string, requestId: string): ProblemDocument {
  const { code, status, title, detail } = problem;
  const fixed = { type: `${problemsUrl}#${code}`, title, status };
  const instance = `urn:request:${requestId}`;
  if (status >= 500) return { ...fixed, instance, code };
  return { ...problem.members, ...fixed, ...(detail === undefined ? {} : { detail }), instance, code };
}

/** Seconds after which a caller may try again, where the status asks for saying so. */
export function retryAfterSecondsOf(problem: Problem): number | undefined {
  const RETRY_AFTER_SECONDS = 2;
  if (problem.retryAfterSeconds !== undefined) return Math.max(1, Math.ceil(problem.retryAfterSeconds));
  return problem.status === 503 || problem.status === 429 ? RETRY_AFTER_SECONDS : undefined;
}

/** The parameters of an address, or the name of one that is given twice: two readers could take different ones. */
export function readQuery(address: string): { query: Record<string, string> } | { repeated: string } {
  const query: Record<string, string> = {};
  const start = address.indexOf('?');
  if (start < 0) return { query };
  for (const [name, value] of new URLSearchParams(address.slice(start + 1))) {
    if (Object.hasOwn(query, name)) return { repeated: name };
    Object.defineProperty(query, name, { value, enumerable: true });
  }
  return { query };
}

const FAULTS_MAX = 20;
const FAULT_CHARACTERS_MAX = 200;
/** A list of what may stand somewhere is told up to this length; a longer one stands in the description. */
const CHOICES_MAX = 12;

/** What is wrong, in words for people. `input` is there where the parser was told to report it. */
function wordsOf(issue: z.core.$ZodIssue): string {
  if ('input' in issue && issue.input === undefined) return 'is missing';
  if (issue.code !== 'invalid_value') return issue.message;
  const { values } = issue;
  if (values.length > CHOICES_MAX) return `is none of the ${values.length} values of the description`;
  return `is none of: ${values.map(String).join(', ')}`;
}

/**
 * What is wrong with a part of a request, one line per field; never the value that was sent, which may be a secret. Parse with
 * `reportInput`, so that what is missing can be told from what is wrong.
 */
export const faultsOf = (error: z.ZodError): { path: string; message: string }[] =>
  error.issues
    .slice(0, FAULTS_MAX)
    .flatMap((issue) => {
      if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: wordsOf(issue) }];
      return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'is not known here' }));
    })
    .slice(0, FAULTS_MAX)
    .map(({ path, message }) => ({
      path: path.map(String).join('.').slice(0, FAULT_CHARACTERS_MAX),
      message: message.slice(0, FAULT_CHARACTERS_MAX),
    }));
