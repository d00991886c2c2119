import type { z } from 'zod';
import { login, type AccessTokenAnswer } from '../../../src/identity/sign-in/contract.ts';
import { logout, refresh } from '../../../src/identity/sessions/contract.ts';
import type { OperationForm } from '../../../src/kernel/operation.ts';
import { ApiProblem, problemOf, Unreachable } from './problem.ts';

type In<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;
type IsIdempotent<Op extends OperationForm> = Op extends { readonly isIdempotent: true } ? true : false;
type Part<Name extends string, Value> = [Value] extends [undefined]
  ? { readonly [Key in Name]?: undefined }
  : Record<string, never> extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value };

/** What an operation is asked with; only what its contract names, and all that it demands. */
export type Asked<Op extends OperationForm> = Part<'params', In<Op['params']>> &
  Part<'query', In<Op['query']>> &
  Part<'body', Op['body'] extends 'bytes' ? Uint8Array : In<Op['body']>> &
  (IsIdempotent<Op> extends true ? { readonly idempotencyKey: string } : { readonly idempotencyKey?: undefined }) & {
    readonly signal?: AbortSignal;
  };

/** What an operation gives when it works; `undefined` where there is nothing to say. */
export type Answer<Op extends OperationForm> = {
  [Status in keyof Op['answers'] & number]: Op['answers'][Status] extends z.ZodType
    ? z.output<Op['answers'][Status]>
    : undefined;
}[keyof Op['answers'] & number];

type AccessToken = z.output<typeof AccessTokenAnswer>;

type ClientOptions = {
  /** Where the API answers, for example `https://acme.example.com`; the page's own host unless given. */
  readonly baseUrl?: string;
  readonly fetch?: typeof fetch;
  /** Told when the session has ended and signing in is needed. */
  readonly onSignedOut?: () => void;
  /** How long one exchange may take; 30 s unless given. */
  readonly timeoutMs?: number;
};

export type ApiClient = {
  /**
   * Asks an operation. Throws an ApiProblem where it is refused (by `code`), Unreachable where there is no answer, and the
   * signal's reason where it was given up. A token that has run out is renewed once, by the cookie, for all who wait.
   */
  readonly call: <const Op extends OperationForm>(operation: Op, asked: Asked<Op>) => Promise<Answer<Op>>;
  /** Signs in; the access token stays in this object's memory, the refresh token in a cookie that no script can read. */
  readonly signIn: (words: z.input<(typeof login)['body']>, signal?: AbortSignal) => Promise<AccessToken>;
  /** Finds out whether the browser still has a session, as after a reload of the page. */
  readonly resume: (signal?: AbortSignal) => Promise<boolean>;
  readonly signOut: (signal?: AbortSignal) => Promise<void>;
  readonly isSignedIn: () => boolean;
};

const TIMEOUT_MS = 30_000;
const UNAUTHORIZED = 401;
/** A token is no good any more. Other 401 say something else of the request, such as a wrong password. */
const TOKEN_CODES = new Set(['identity.token_invalid', 'identity.sign_in_required']);

type Sent = {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** The typed client of the API: its operations are those of the contracts, so a wrong field does not compile. */
export function createApiClient(options: ClientOptions = {}): ApiClient {
  const session = new Session();
  const send = (operation: OperationForm, asked: Sent): Promise<unknown> =>
    exchange(options, session.token, operation, asked);
  let renewing: Promise<boolean> | undefined;
  /** One renewal at a time: the cookie's token counts once. */
  const renew = (): Promise<boolean> => {
    renewing ??= send(refresh, {})
      .then(
        (answer) => session.begin(answer as AccessToken),
        (error: unknown) => {
          if (!(error instanceof ApiProblem) || error.status !== UNAUTHORIZED) throw error;
          return session.end(options.onSignedOut);
        },
      )
      .finally(() => (renewing = undefined));
    return renewing;
  };
  const call = async (operation: OperationForm, asked: Sent): Promise<unknown> => {
    const used = session.token;
    try {
      return await send(operation, asked);
    } catch (error) {
      if (!(error instanceof ApiProblem) || !TOKEN_CODES.has(error.code)) throw error;
      const isNewer = used !== session.token && session.token !== undefined; // Somebody else has renewed it meanwhile.
      if (!isNewer && !(await untilGivenUp(renew(), asked.signal))) throw error;
      return send(operation, asked);
    }
  };
  return {
    call: async <const Op extends OperationForm>(operation: Op, asked: Asked<Op>) =>
      (await call(operation, asked)) as Answer<Op>,
    signIn: async (body, signal) => {
      const answer = (await send(login, { body, signal })) as AccessToken;
      session.begin(answer);
      return answer;
    },
    resume: (signal) => untilGivenUp(renew(), signal),
    signOut: async (signal) => {
      await send(logout, { signal });
      session.end(undefined);
    },
    isSignedIn: () => session.token !== undefined,
  };
}

/** The access token, in memory alone: what a script of another page could read is no place for it. */
class Session {
  token: string | undefined;

  begin({ accessToken }: AccessToken): boolean {
    this.token = accessToken;
    return true;
  }

  end(tell: (() => void) | undefined): boolean {
    const wasSignedIn = this.token !== undefined;
    this.token = undefined;
    if (wasSignedIn) tell?.();
    return false;
  }
}

/** Waits for what others wait for too: whoever gives up goes, the others wait on. */
async function untilGivenUp<Value>(shared: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return shared;
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([shared, promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function exchange(
  { baseUrl = '', fetch: send = fetch, timeoutMs = TIMEOUT_MS }: ClientOptions,
  token: string | undefined,
  operation: OperationForm,
  asked: Sent,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await send(`${baseUrl}${addressOf(operation, asked)}`, {
      method: operation.method.toUpperCase(),
      headers: headersOf(operation, token, asked),
      credentials: 'same-origin',
      signal: asked.signal === undefined ? timeout : AbortSignal.any([timeout, asked.signal]),
      ...(asked.body !== undefined && {
        body: operation.body === 'bytes' ? (asked.body as Uint8Array<ArrayBuffer>) : JSON.stringify(asked.body),
      }),
    });
    text = await response.text();
  } catch (cause) {
    asked.signal?.throwIfAborted();
    throw new Unreachable(timeout.aborted ? 'no answer in time' : 'no connection', { cause });
  }
  if (!response.ok) throw problemOf(response.status, response.headers, text);
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  if (text === '') return undefined;
  return isJson ? (JSON.parse(text) as unknown) : text;
}

function headersOf(operation: OperationForm, token: string | undefined, asked: Sent): Record<string, string> {
  return {
    Accept: 'application/json',
    ...(token !== undefined && operation.need !== 'public' && { Authorization: `Bearer ${token}` }),
    ...(asked.body !== undefined && operation.body !== 'bytes' && { 'Content-Type': 'application/json' }),
    ...(asked.idempotencyKey !== undefined && { 'Idempotency-Key': asked.idempotencyKey }),
  };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function addressOf({ path }: OperationForm, { params = {}, query = {} }: Sent): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(textOf(params[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, textOf(value));
  return search.size === 0 ? filled : `${filled}?${search.toString()}`;
}
