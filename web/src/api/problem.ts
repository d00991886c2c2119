/** A field that was not as it should be. */
export type FieldFault = { readonly path: string; readonly message: string };

/** An answer that says what went wrong (RFC 9457). Decide by `code`, which never changes; show `detail` or `title`. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string | undefined;
  readonly faults: readonly FieldFault[];
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(words: {
    readonly status: number;
    readonly code: string;
    readonly title: string;
    readonly detail: string | undefined;
    readonly faults: readonly FieldFault[];
    readonly requestId: string | undefined;
    readonly retryAfterSeconds: number | undefined;
  }) {
    super(words.detail ?? words.title);
    this.name = 'ApiProblem';
    this.status = words.status;
    this.code = words.code;
    this.title = words.title;
    this.detail = words.detail;
    this.faults = words.faults;
    this.requestId = words.requestId;
    this.retryAfterSeconds = words.retryAfterSeconds;
  }
}

/** No answer came: whether anything was done is not known. A request with an Idempotency-Key may be sent again. */
export class Unreachable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Unreachable';
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const textIn = (record: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = record[name];
  return typeof value === 'string' ? value : undefined;
};

const isFault = (value: unknown): value is FieldFault =>
  isRecord(value) && typeof value['path'] === 'string' && typeof value['message'] === 'string';

/** The problem that an answer tells; one without a code comes from something on the way, such as a proxy. */
export function problemOf(status: number, headers: Headers, text: string): ApiProblem {
  const told = readJson(text);
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN);
  const faults = told['errors'];
  return new ApiProblem({
    status,
    code: textIn(told, 'code') ?? 'http.unknown',
    title: textIn(told, 'title') ?? `The server answered ${status}`,
    detail: textIn(told, 'detail'),
    faults: Array.isArray(faults) ? faults.filter(isFault) : [],
    requestId: headers.get('x-request-id') ?? undefined,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  });
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(text);
    return isRecord(read) ? read : {};
  } catch {
    return {}; // Whatever it is, it is no problem document: the status says what there is to say.
  }
}
