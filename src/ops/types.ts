/** How a queue stands. Ages in milliseconds. */
export type QueueState = {
  readonly name: string;
  readonly paused: boolean;
  readonly workers: number;
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
  readonly completed: number;
  /** How long the job that has waited longest waits already; null where none waits. */
  readonly oldestWaitingMs: number | null;
};

/** What a tenant has, counted; null where its database is not reachable at the moment. */
export type TenantCounts = {
  readonly received: number;
  readonly due: number;
  readonly parked: number;
  readonly booked: number;
  readonly rebates: number;
  /** Bookings of which a second computation came to something else, and that nobody has acknowledged. */
  readonly discrepancies: number;
};

export type TenantState = {
  readonly slug: string;
  readonly name: string;
  readonly status: 'provisioning' | 'active' | 'suspended';
  readonly counts: TenantCounts | null;
};

/** A part of the product and how it stands. */
export type ProcessState = {
  readonly role: string;
  readonly state: 'starting' | 'running' | 'draining' | 'stopped';
  readonly startedAt: Date;
  /** One line more, for instance how many batches at a time. */
  readonly detail: string;
};

/** Everything that the start page shows, as of one instant. */
export type Snapshot = {
  readonly takenAt: Date;
  readonly version: string;
  readonly processes: readonly ProcessState[];
  readonly database: { readonly kind: 'embedded' | 'external'; readonly version: string; readonly reachable: boolean };
  readonly queue: { readonly kind: 'redis' | 'postgres'; readonly reachable: boolean };
  readonly tenants: readonly TenantState[];
  readonly queues: readonly QueueState[];
  /** What happened in the last minute, over all tenants. */
  readonly lastMinute: {
    readonly received: number;
    readonly booked: number;
    readonly rebates: number;
    readonly parked: number;
    readonly failedJobs: number;
  };
  readonly relay: { readonly lagEventsMax: number; readonly parked: number };
};

/** Whether a part that readiness depends on works: resolves, or rejects. */
export type Check = () => Promise<void>;
