/** One entry of the catalogue of errors: an HTTP status and a sentence that never changes with the case. */
export type ProblemEntry = { readonly status: number; readonly title: string };

/** What is said of one occurrence: `detail` for people, further members for programs, `retryAfterSeconds` for 429 and 503. */
export type ProblemExtra = {
  readonly detail?: string;
  readonly cause?: unknown;
  readonly retryAfterSeconds?: number;
  readonly [member: string]: unknown;
};

/** An error with a stable code, answered to callers as RFC 9457 `application/problem+json`. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, entry: ProblemEntry, extra: ProblemExtra = {}) {
    const { detail, cause, retryAfterSeconds, ...members } = extra;
    super(detail === undefined ? `${code}: ${entry.title}` : `${code}: ${entry.title}: ${detail}`, { cause });
    this.name = 'Problem';
    this.code = code;
    this.status = entry.status;
    this.title = entry.title;
    this.detail = detail;
    this.retryAfterSeconds = retryAfterSeconds;
    this.members = members;
  }
}

const catalogue = new Map<string, ProblemEntry>();

/**
 * Declares a feature's errors; the answer makes one: `throw feedProblem('feed.signature_invalid', { detail })`.
 * A code is declared once in the whole program; docs/errors.md lists each (a test compares them).
 */
export function defineProblems<Codes extends string>(entries: Record<Codes, ProblemEntry>) {
  for (const [code, entry] of Object.entries<ProblemEntry>(entries)) {
    if (catalogue.has(code)) throw new Error(`The problem code ${code} is declared twice`);
    catalogue.set(code, entry);
  }
  return (code: Codes, extra?: ProblemExtra): Problem => new Problem(code, entries[code], extra);
}

/** Every code declared so far, for docs/errors.md. */
export const problemCatalogue = (): ReadonlyMap<string, ProblemEntry> => catalogue;

/** Whether an error is a Problem with this code. */
export const isProblem = (error: unknown, code: string): error is Problem =>
  error instanceof Problem && error.code === code;
