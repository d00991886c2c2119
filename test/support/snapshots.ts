import type { Snapshot } from '../../src/ops/index.ts';

const minutesBefore = (minutes: number): Date => new Date(Date.UTC(2026, 2, 10, 12, 30 - minutes, 14));

/** An installation at work, with one of everything that can be amiss. */
export const busySnapshot: Snapshot = {
  takenAt: minutesBefore(0),
  version: '0.1.0',
  processes: [
    { role: 'api', state: 'running', startedAt: minutesBefore(252), detail: 'port 3000' },
    { role: 'worker', state: 'running', startedAt: minutesBefore(252), detail: '4 batches at a time' },
    { role: 'relay', state: 'draining', startedAt: minutesBefore(3), detail: '4 tenants at a time' },
  ],
  database: { kind: 'embedded', version: '18.4', reachable: true },
  queue: { kind: 'postgres', reachable: true },
  tenants: [
    {
      slug: 'acme',
      name: 'Acme Markets',
      status: 'active',
      counts: { received: 1_240_551, due: 812, parked: 37, booked: 1_239_702, rebates: 4_958_808, discrepancies: 0 },
    },
    {
      slug: 'zenith',
      name: 'Zenith Prime',
      status: 'active',
      counts: { received: 88_210, due: 0, parked: 0, booked: 88_210, rebates: 264_630, discrepancies: 0 },
    },
    { slug: 'boreal', name: 'Boreal Brokers', status: 'active', counts: null },
    {
      slug: 'old-harbour',
      name: 'Old Harbour',
      status: 'suspended',
      counts: { received: 12, due: 0, parked: 0, booked: 12, rebates: 24, discrepancies: 2 },
    },
  ],
  queues: [
    {
      name: 'commissions',
      paused: false,
      workers: 4,
      waiting: 18,
      active: 4,
      delayed: 1,
      failed: 2,
      completed: 1_000,
      oldestWaitingMs: 840,
    },
    {
      name: 'notifications',
      paused: false,
      workers: 0,
      waiting: 3,
      active: 0,
      delayed: 0,
      failed: 0,
      completed: 211,
      oldestWaitingMs: 95_000,
    },
    {
      name: 'reports',
      paused: true,
      workers: 1,
      waiting: 0,
      active: 0,
      delayed: 0,
      failed: 0,
      completed: 44,
      oldestWaitingMs: null,
    },
  ],
  lastMinute: { received: 48_120, booked: 47_966, rebates: 191_864, parked: 37, failedJobs: 2 },
  relay: { lagEventsMax: 12, parked: 0 },
};

/** An installation with nothing to look at. */
export const calmSnapshot: Snapshot = {
  ...busySnapshot,
  processes: busySnapshot.processes.map((each) => ({ ...each, state: 'running' })),
  tenants: busySnapshot.tenants.slice(0, 2),
  queues: busySnapshot.queues.slice(0, 1),
  lastMinute: { ...busySnapshot.lastMinute, parked: 0, failedJobs: 0 },
};
