import { z } from 'zod';
import { ApprovalId } from './ids.ts';

/** What may be done, by the table of rights: an action on a kind of object. */
export type Right = { readonly action: string; readonly resource: string };

/**
 * Who may call an operation. There is no default. `public`: anybody. `signed`: the handler verifies a signature over the
 * bytes before it reads anything. `signed_in`: whoever has a session, on what is his own (his sessions, his factors).
 * `operator_token`: the installation's token, on the bare host only. A Right: whom the table of rights names.
 */
export type Need = 'public' | 'signed' | 'signed_in' | 'operator_token' | Right;

/** On whose host an operation answers: tenants', the installation's own, or both alike (signing in). */
export type HostKind = 'tenant' | 'bare' | 'both';

type Answers = { readonly [status: number]: z.ZodType | null };

/** An operation of the API as the outside sees it. Routes, OpenAPI, the typed client and the generated tests all read it. */
export type OperationForm = {
  /** Its name in the description and the client, for example `listClients`. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** With parameters in braces: `/api/v1/clients/{clientId}`. */
  readonly path: string;
  readonly on: HostKind;
  /** Its chapter in the description. */
  readonly tag: string;
  /** One line that says what it does, as a verb. */
  readonly summary: string;
  readonly description?: string;
  readonly need: Need;
  readonly params?: z.ZodObject;
  /** Strict: a parameter that is not listed is refused. */
  readonly query?: z.ZodObject;
  /** A strict schema of the JSON body; `bytes` where the handler reads the body itself. None: a body is refused. */
  readonly body?: z.ZodType | 'bytes';
  /** The media types that a body of `bytes` may have, for the description. */
  readonly bodyTypes?: readonly string[];
  /** Headers of its own that it reads, in lower case, for the description; its handler checks them. */
  readonly headers?: z.ZodObject;
  /** Bytes of the body at most; 64 KiB unless given. */
  readonly bodyBytesMax?: number;
  /** Items of each list in the body at most; 1 000 unless given. */
  readonly bodyItemsMax?: number;
  /** Reads the cookie of signing in, and therefore refuses pages of another origin. */
  readonly readsCookie?: true;
  /** What it answers when it works, by status; null where the answer has no body. */
  readonly answers: Answers;
  /** The media type of its answers where it is not JSON, for example `text/html`; several, with commas between, where the handler chooses. */
  readonly contentType?: string;
  /** The codes of its own problems; those that every operation may answer are left out. */
  readonly problems: readonly string[];
  /** Needs the header `Idempotency-Key`; its handler runs in the transaction that stores its answer. */
  readonly isIdempotent?: true;
  /** Needs a sign-in with a second factor that is at most 5 minutes old. */
  readonly needsStepUp?: true;
};

/** Declares an operation, keeping its exact type. */
export const operation = <const Form extends OperationForm>(form: Form): Form => form;

/** Whether a need is a right of the table. */
export const isRight = (need: Need): need is Right => typeof need === 'object';

const LIMIT_MAX = 200;
const LIMIT_FAULT = `is no whole number from 1 to ${LIMIT_MAX}`;
const LIMIT_DEFAULT = 50;
const CURSOR_CHARACTERS_MAX = 600;
const SEARCH_CHARACTERS_MAX = 100;

type Sorts = readonly [string, ...string[]];

/** The query of a list: `limit`, `cursor`, `sort` by the names given (the first is the default), and filters by listed fields. */
export const pageQuery = <const Names extends Sorts, Filters extends z.ZodRawShape>(sorts: Names, filters: Filters) =>
  z.strictObject({
    limit: z
      .string()
      .regex(/^[1-9]\d{0,2}$/, LIMIT_FAULT)
      .transform(Number)
      .pipe(z.int().min(1).max(LIMIT_MAX, LIMIT_FAULT))
      .default(LIMIT_DEFAULT),
    cursor: z.string().min(1).max(CURSOR_CHARACTERS_MAX).optional(),
    sort: z.enum(sorts).default(sorts[0]),
    ...filters,
  });

/** The filter `q` of a list: what is looked for in its names. */
export const searchText = z.string().trim().min(1).max(SEARCH_CHARACTERS_MAX).optional();

/** The answer of a list. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ data: z.array(item), nextCursor: z.string().nullable() });

/** An instant in JSON: ISO 8601, UTC, milliseconds. */
export const InstantText = z.iso.datetime({ precision: 3 });

/** An instant that a caller gives. */
export const InstantIn = z.iso.datetime().transform((text) => new Date(text));

/** The answer (202) of an operation that is done when a second person agrees. */
export const ApprovalAsked = z
  .strictObject({ approvalId: ApprovalId, hash: z.string().length(64), expiresAt: InstantText })
  .meta({ id: 'ApprovalAsked', description: 'What was asked waits for a second person.' });
