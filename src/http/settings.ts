import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../kernel/clock.ts';
import type { Guard } from '../platform/access.ts';
import type { Logger } from '../platform/logger.ts';
import type { OperatorGuard } from '../platform/operator-token.ts';
import type { Route } from '../platform/route.ts';
import type { WithTenant } from '../platform/tenant-tx.ts';
import type { Tenant } from '../tenancy/index.ts';
import type { Limits } from './limits.ts';
import type { Way } from './proxies.ts';
import type { RequestObservation } from './types.ts';

/** A piece of the bare host that is no single route, such as the queue board. Always behind the operator's token. */
export type Mount = {
  /** Where it begins, for example `/ops/queues`. */
  readonly path: string;
  readonly handler: (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
};

/** What the application is assembled from. */
export type AppSettings = {
  /** The tenant of a host name; `tenancy.host_unknown` where there is none. */
  readonly tenantOfHost: (hostHeader: string) => Promise<Tenant>;
  readonly routes: readonly Route[];
  readonly mounts: readonly Mount[];
  /** The names of the installation itself, besides `localhost`, `127.0.0.1` and `[::1]`. */
  readonly baseHosts: readonly string[];
  /** The port of links and of passkeys' origins; by the request unless given, see `publicHost`. */
  readonly publicPort?: number | undefined;
  /** Addresses or CIDR ranges of the proxies whose X-Forwarded headers count. */
  readonly trustedProxies: readonly string[];
  readonly isOperator: OperatorGuard;
  /** Decides who calls and what he may. */
  readonly guard: Guard;
  /** For routes whose answer is kept under an Idempotency-Key. */
  readonly withTenant: WithTenant;
  /** How often may be asked; as often as anybody likes unless given. */
  readonly limits?: Limits;
  /** Where the codes of problems are explained; the code is added as the fragment. */
  readonly problemsUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onRequest?: (observation: RequestObservation) => void;
};

/** What is known of a request while it is answered. */
export type RequestContext = {
  readonly requestId: string;
  readonly traceId: string;
  log: Logger;
  /** How it came here; what only a proxy knows is unknown before the host was read. */
  way: Way;
  /** The tenant whose host was asked; undefined on the bare host and before it was resolved. */
  tenant: Tenant | undefined;
};
