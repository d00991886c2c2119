import type { TenantId } from '../kernel/ids.ts';

/** What is told of each request that a route answered, for metrics. */
export type RequestObservation = {
  /** The tenant whose host was asked; null on the bare host. */
  readonly tenantId: TenantId | null;
  readonly method: string;
  /** The route's pattern, never the address itself: labels must stay few. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
  /** Named statements sent to databases. */
  readonly queries: number;
};

/** Body of an answer that says what went wrong (RFC 9457). */
export type ProblemDocument = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance: string;
  readonly code: string;
  readonly [member: string]: unknown;
};
