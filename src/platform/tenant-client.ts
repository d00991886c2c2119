import { lookup as lookUpAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, request, type Dispatcher } from 'undici';
import { platformProblem } from './errors.ts';

/** A request to a tenant's host, for instance `http://acme.localhost:3000/feeds/src_…/events`. */
export type TenantRequest = {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For the whole exchange, the body of the answer included; 10 s unless given. */
  readonly timeoutMs?: number;
  /** The largest answer that is read; 1 MiB unless given. */
  readonly responseBytesMax?: number;
  readonly signal?: AbortSignal;
};

export type TenantResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: () => string;
  /** Throws a SyntaxError where the answer is no JSON. */
  readonly json: () => unknown;
};

export type TenantClient = {
  /** Sends once, never again by itself. Throws `platform.request_unreachable`, `platform.request_timed_out` or `platform.response_too_large`. */
  readonly send: (request: TenantRequest) => Promise<TenantResponse>;
  /** Sends a value as JSON. */
  readonly sendJson: (request: TenantRequest, value: unknown) => Promise<TenantResponse>;
  /** Ends idle connections and waits for what is under way. */
  readonly close: () => Promise<void>;
};

const TIMEOUT_MS = 10_000;
const RESPONSE_BYTES_MAX = 1_048_576;
const CONNECTIONS_PER_HOST = 16;
const LOOPBACK = { address: '127.0.0.1', family: 4 } as const;

const isLocal = (hostname: string): boolean => hostname === 'localhost' || hostname.endsWith('.localhost');

/** Names under .localhost belong to this machine and need not resolve (RFC 6761); all others are looked up. */
const lookup: LookupFunction = (hostname, options, callback) => {
  if (!isLocal(hostname)) lookUpAddress(hostname, options, callback);
  else if (options.all === true) callback(null, [LOOPBACK]);
  else callback(null, LOOPBACK.address, LOOPBACK.family);
};

/**
 * The one HTTP client for tenants' hosts, for tests, simulators and the command line alike: the name in the URL goes
 * into the Host header, whether or not it resolves.
 */
export function createTenantClient(): TenantClient {
  const agent = new Agent({
    connect: { lookup, timeout: TIMEOUT_MS },
    connections: CONNECTIONS_PER_HOST,
    keepAliveTimeout: 4000,
  });
  const send = (asked: TenantRequest): Promise<TenantResponse> => exchange(agent, asked);
  return {
    send,
    sendJson: (asked, value) =>
      send({
        method: 'POST',
        ...asked,
        headers: { 'content-type': 'application/json', ...asked.headers },
        body: JSON.stringify(value),
      }),
    close: () => agent.close(),
  };
}

/** Lines of newline-delimited JSON. */
export const ndjsonOf = (values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');

async function exchange(agent: Agent, asked: TenantRequest): Promise<TenantResponse> {
  const { url, method = 'GET', headers = {}, body = null, timeoutMs = TIMEOUT_MS } = asked;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = asked.signal === undefined ? timeout : AbortSignal.any([timeout, asked.signal]);
  try {
    const response = await request(url, {
      dispatcher: agent,
      method,
      headers,
      body,
      signal,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const bytes = await readAtMost(response.body, asked.responseBytesMax ?? RESPONSE_BYTES_MAX, url);
    const text = (): string => bytes.toString('utf8');
    return {
      status: response.statusCode,
      headers: response.headers,
      bytes,
      text,
      json: (): unknown => JSON.parse(text()),
    };
  } catch (cause) {
    if (asked.signal?.aborted === true) throw cause; // The caller gave up: that is no fault of the other side.
    throw problemOf(cause, timeout.aborted, `${method} ${url}`);
  }
}

async function readAtMost(body: Dispatcher.ResponseData['body'], bytesMax: number, url: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax)
      throw platformProblem('platform.response_too_large', { detail: `More than ${bytesMax} bytes from ${url}` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function problemOf(cause: unknown, hasTimedOut: boolean, what: string): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code.startsWith('platform.')) return cause;
  if (hasTimedOut || /^UND_ERR_(?:HEADERS|BODY|CONNECT)_TIMEOUT$/.test(code))
    return platformProblem('platform.request_timed_out', { detail: what, cause });
  return platformProblem('platform.request_unreachable', { detail: what, cause });
}
