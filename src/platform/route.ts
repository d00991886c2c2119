import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { TenantId } from '../kernel/ids.ts';
import type { OperationForm } from '../kernel/operation.ts';
import type { Access } from './access.ts';
import type { Logger } from './logger.ts';
import type { Origin, TenantTx } from './tenant-tx.ts';

type Parsed<Schema, Otherwise> = Schema extends z.ZodType ? z.output<Schema> : Otherwise;

/**
 * A request as a handler sees it: its parts parsed by the operation's schemas. Where the operation takes `bytes`, the body
 * is what was sent, packed as it came. `access` is there where the operation needs a right or a sign-in.
 */
export type RouteRequest<Op extends OperationForm = OperationForm> = {
  readonly requestId: string;
  readonly params: Parsed<Op['params'], Readonly<Record<string, string>>>;
  readonly query: Parsed<Op['query'], Readonly<Record<string, string>>>;
  readonly body: Op['body'] extends 'bytes' ? Buffer : Parsed<Op['body'], undefined>;
  readonly headers: Readonly<Record<string, string>>;
  /** The address that asks; behind trusted proxies the one that they were asked by. */
  readonly remoteAddress: string;
  /** The host that was asked, with a port of our own (never one that only the request names), and whether by TLS: for links and cookies. */
  readonly host: string;
  readonly isSecure: boolean;
  readonly log: Logger;
  /** The tenant whose host was asked; null on the bare host. */
  readonly tenantId: Op['on'] extends 'tenant' ? TenantId : TenantId | null;
  readonly access: Op['need'] extends 'public' | 'signed' | 'operator_token' ? null : Access;
  /** Who acts and because of what, for `withTenant`. */
  readonly origin: Origin;
};

type Plain = string | number | boolean | bigint | null | undefined;
/** What a handler may answer is only read. */
type ReadOnly<Value> = unknown extends Value
  ? Value
  : Value extends Plain
    ? Value
    : Value extends readonly (infer Item)[]
      ? readonly ReadOnly<Item>[]
      : { readonly [Key in keyof Value]: ReadOnly<Value[Key]> };

type AnswerForms<Op extends OperationForm> = {
  [Status in keyof Op['answers'] & number]: {
    readonly status: Status;
    readonly headers?: Readonly<Record<string, string>>;
    /** `Set-Cookie` lines, as they are sent. */
    readonly cookies?: readonly string[];
  } & (Op['answers'][Status] extends z.ZodType
    ?
        | { readonly json: ReadOnly<z.input<Op['answers'][Status]>> }
        | { readonly text: string; readonly contentType?: string }
        | { readonly bytes: Buffer; readonly contentType?: string }
    : unknown);
};

/** What a handler answers: one of the statuses that its operation names, with a body of that status' schema. */
export type RouteAnswer<Op extends OperationForm = OperationForm> = AnswerForms<Op>[keyof Op['answers'] & number];

/** Any answer, as it is sent: JSON, text, or nothing. */
export type AnyAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly json?: unknown;
  readonly text?: string;
  /** What is sent as it is, for example packed. */
  readonly bytes?: Buffer;
  readonly contentType?: string;
};

type AnyHandle = (request: RouteRequest) => Promise<AnyAnswer>;
type AnyHandleIn = (tx: TenantTx, request: RouteRequest) => Promise<AnyAnswer>;
type HandleStream<Op extends OperationForm> = (
  request: RouteRequest<Op>,
  wire: { readonly incoming: IncomingMessage; readonly response: ServerResponse },
) => Promise<void>;

/**
 * An operation with what carries it out. `handle` opens its own transactions; `handleIn` runs in the one transaction that
 * also keeps the answer under the caller's Idempotency-Key; `handleStream` writes the answer itself (events, exports).
 */
export type Route = { readonly operation: OperationForm } & (
  | { readonly kind: 'plain'; readonly handle: AnyHandle }
  | { readonly kind: 'idempotent'; readonly handle: AnyHandleIn }
  | { readonly kind: 'stream'; readonly handle: HandleStream<OperationForm> }
);

/** Joins an operation and its handler. The schemas have parsed what the handler gets: the wide type in the table is never called with anything else. */
export const route = <const Op extends OperationForm, const Answer extends RouteAnswer<Op>>(
  operation: Op,
  handle: (request: RouteRequest<Op>) => Promise<Answer>,
): Route => ({ operation, kind: 'plain', handle: handle as unknown as AnyHandle });

/** A route that moves money, once for one Idempotency-Key. */
export const idempotentRoute = <
  const Op extends OperationForm & { readonly isIdempotent: true },
  const Answer extends RouteAnswer<Op>,
>(
  operation: Op,
  handle: (tx: TenantTx, request: RouteRequest<Op>) => Promise<Answer>,
): Route => ({ operation, kind: 'idempotent', handle: handle as unknown as AnyHandleIn });

/** A route whose answer is written while it is made. */
export const streamRoute = <const Op extends OperationForm>(operation: Op, handle: HandleStream<Op>): Route => ({
  operation,
  kind: 'stream',
  handle: handle as unknown as HandleStream<OperationForm>,
});
