import type { z } from 'zod';
import type { TenantId } from '../kernel/ids.ts';
import type { Logger } from './logger.ts';

/**
 * Who may call a route. There is no default: `public` is spelled out; `signed` means that the handler verifies a
 * signature over the bytes before it reads anything; `operator` needs the operator's token, on the bare host only.
 */
export type Permission = 'public' | 'signed' | 'operator';

/** A request as a handler sees it. The body is the bytes as sent (unzipped only by the handler, after the signature). */
export type RouteRequest = {
  readonly requestId: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly log: Logger;
};

/** What a handler answers: JSON, or text with its own content type. */
export type RouteAnswer = {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

type RouteForm = {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly permission: Permission;
  /** Bytes of the body at most; 0 refuses any body. */
  readonly bodyBytesMax: number;
  /** What it answers when it works, for the description of the API. */
  readonly answers: z.ZodType;
};

/** A route on a tenant's host: the tenant was resolved from the host name before the handler runs. */
export type TenantRoute = RouteForm & {
  readonly on: 'tenant';
  readonly handle: (request: RouteRequest & { readonly tenantId: TenantId }) => Promise<RouteAnswer>;
};

/** A route of the installation itself, on the bare host. */
export type BareRoute = RouteForm & {
  readonly on: 'bare';
  readonly handle: (request: RouteRequest) => Promise<RouteAnswer>;
};

export type Route = TenantRoute | BareRoute;
