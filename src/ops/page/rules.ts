import type { QueueState, Snapshot, TenantState } from '../types.ts';

/** How something stands: good, to be looked at, broken, or not in use. */
export type Level = 'good' | 'look' | 'bad' | 'off';
export type Status = { readonly level: Level; readonly word: string };

const grouped = new Intl.NumberFormat('en-US');

/** A count with its thousands apart. */
export const count = (value: number): string => grouped.format(value);

/** A length of time in its two largest units: `4 h 12 min`, `850 ms`. */
export function duration(lengthMs: number): string {
  if (lengthMs < 1_000) return `${Math.round(lengthMs)} ms`;
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['min', 60],
    ['s', 1],
  ] as const;
  let restSeconds = Math.floor(lengthMs / 1_000);
  const parts: string[] = [];
  for (const [unit, seconds] of units) {
    const whole = Math.floor(restSeconds / seconds);
    restSeconds -= whole * seconds;
    if (whole > 0) parts.push(`${whole} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(' ');
}

export const queueStatus = (queue: QueueState): Status => {
  if (queue.workers === 0) return { level: 'bad', word: 'no worker' };
  if (queue.paused) return { level: 'look', word: 'paused' };
  return queue.active + queue.waiting > 0 ? { level: 'good', word: 'working' } : { level: 'good', word: 'idle' };
};

export const tenantStatus = (tenant: TenantState): Status => {
  if (tenant.status === 'suspended') return { level: 'off', word: 'suspended' };
  if (tenant.status === 'provisioning') return { level: 'look', word: 'being made' };
  return tenant.counts === null ? { level: 'bad', word: 'not reachable' } : { level: 'good', word: 'active' };
};

const processLevels = { running: 'good', starting: 'look', draining: 'look', stopped: 'bad' } as const;
export const processStatus = (state: Snapshot['processes'][number]['state']): Status => ({
  level: processLevels[state],
  word: state,
});

/** What an operator should look at now, worst first; nothing when all is well. */
export function concerns(snapshot: Snapshot): string[] {
  const of = (level: Level, found: { name: string; status: Status }[]): string[] =>
    found.filter((each) => each.status.level === level).map((each) => `${each.name}: ${each.status.word}`);
  const parts = [
    ...snapshot.processes.map((each) => ({ name: each.role, status: processStatus(each.state) })),
    ...snapshot.queues.map((each) => ({ name: `queue ${each.name}`, status: queueStatus(each) })),
    ...snapshot.tenants.map((each) => ({ name: `tenant ${each.slug}`, status: tenantStatus(each) })),
  ];
  return [
    ...(snapshot.database.reachable ? [] : ['database: not reachable']),
    ...(snapshot.queue.reachable ? [] : ['queue store: not reachable']),
    ...snapshot.tenants.flatMap(({ slug, counts }) =>
      counts === null || counts.discrepancies === 0
        ? []
        : [`tenant ${slug}: ${count(counts.discrepancies)} bookings compute to something else`],
    ),
    ...of('bad', parts),
    ...of('look', parts),
    ...(snapshot.relay.parked > 0 ? [`relay: ${count(snapshot.relay.parked)} events parked`] : []),
  ];
}
