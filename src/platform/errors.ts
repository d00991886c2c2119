import { defineProblems, Problem } from '../kernel/problem.ts';

export const platformProblem = defineProblems({
  'platform.internal': { status: 500, title: 'Something went wrong on our side' },
  'platform.unavailable': { status: 503, title: 'A part of the system is not reachable at the moment' },
  'platform.request_unreachable': { status: 503, title: 'The other side of a request could not be reached' },
  'platform.request_timed_out': { status: 504, title: 'The other side of a request did not answer in time' },
  'platform.response_too_large': { status: 502, title: 'The answer to a request is larger than expected' },
  'platform.cursor_invalid': { status: 400, title: 'The cursor is none that a page of this list gave' },
  'platform.config_invalid': { status: 500, title: 'The configuration is not usable' },
});

/** What is told of a failure of work that nobody waits for: of our own failures people learn the code; the log has the rest. */
export function failureTold(error: unknown): {
  readonly code: string;
  readonly title: string;
  readonly detail: string | null;
} {
  const problem = error instanceof Problem ? error : platformProblem('platform.internal');
  return { code: problem.code, title: problem.title, detail: problem.detail ?? null };
}
