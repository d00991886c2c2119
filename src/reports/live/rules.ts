import type { Reach } from '../../platform/access.ts';
import type { Lens, Sight, Subject } from './types.ts';

const everyKind: Sight['through'] = ['client', 'ib', 'other'];
const sight = (resource: string, through: Sight['through'] = everyKind): Sight => ({ resource, through });

/** Which kinds of objects an event tells of, by the beginning of its type; the first that fits counts. */
const sights: readonly (readonly [prefix: string, sights: readonly Sight[]])[] = [
  ['clients.account', [sight('accounts', ['client'])]],
  ['clients.', [sight('clients', ['client'])]],
  ['ib.', [sight('ibs', ['ib'])]],
  ['commissions.batch_booked', [sight('trades', ['client']), sight('rebates', ['client', 'ib'])]],
  ['commissions.awarded', [sight('rebates', ['client', 'ib'])]],
  ['commissions.corrected', [sight('trades', ['client']), sight('rebates', ['client', 'ib'])]],
  ['commissions.rerun_', [sight('reruns')]],
  ['commissions.charged_back', [sight('reruns')]],
  ['commissions.discrepancy', [sight('discrepancies')]],
  ['commissions.costs_recorded', [sight('client_costs')]],
  ['commissions.', [sight('plans')]],
  ['payouts.dispute', [sight('disputes', ['ib'])]],
  ['payouts.run_', [sight('payout_runs')]],
  ['payouts.period_', [sight('closings')]],
  ['payouts.wallet_', [sight('payouts', ['ib'])]],
  ['tasks.', [sight('tasks')]],
  ['trading.parked', [sight('parked')]],
  ['trading.', [sight('sources')]],
  ['payouts.statements_issued', [sight('statements', ['client', 'ib'])]],
  ['payouts.schedule_set', [sight('payout_schedules', ['client', 'ib'])]],
  ['ledger.', [sight('ledger')]],
  ['identity.approval', [sight('approvals')]],
  ['identity.role_', [sight('roles')]],
  ['identity.desk', [sight('desks')]],
  ['identity.api_key', [sight('api_keys')]],
  ['identity.entry', [sight('platform_grants')]],
  ['identity.', [sight('users')]],
];
/** What no line names is told to those only who may read the audit trail. */
const otherwise: readonly Sight[] = [sight('audit')];

/** Who may be told of an event of this type. */
const sightsOf = (type: string): readonly Sight[] =>
  sights.find(([prefix]) => type.startsWith(prefix))?.[1] ?? otherwise;

/** All kinds of objects that decide over events. */
export const watchedResources: readonly string[] = [
  ...new Set([...sights.flatMap(([, each]) => each), ...otherwise].map(({ resource }) => resource)),
];

/** Whether a caller reaches what an event is about, in any of the ways that its reach has. */
function isReached(reach: Reach, subject: Subject): boolean {
  if (reach.everything) return true;
  if (subject.kind === 'other') return false;
  return (
    (reach.clientId !== null && reach.clientId === subject.clientId) ||
    (reach.ibId !== null && subject.kind === 'ib' && reach.ibId === subject.ibId) ||
    (reach.userId !== null && reach.userId === subject.userId) ||
    (subject.deskId !== null && reach.deskIds.some((deskId) => deskId === subject.deskId)) ||
    (reach.subtreeOf !== null && subject.subtrees.includes(reach.subtreeOf))
  );
}

const ID = /\b[a-z]{3}_[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g;
const DEPTH_MAX = 6;

/** The ids that an event names, in its stream and anywhere in what it says; at most `max`. */
export function idsNamed(event: { readonly stream: string; readonly payload: unknown }, max: number): string[] {
  const found = new Set<string>(event.stream.match(ID));
  const look = (value: unknown, depth: number): void => {
    if (found.size >= max || depth > DEPTH_MAX) return;
    if (typeof value === 'string') for (const id of value.match(ID) ?? []) found.add(id);
    else if (typeof value === 'object' && value !== null)
      for (const each of Object.values(value)) look(each, depth + 1);
  };
  look(event.payload, 0);
  return [...found].slice(0, max);
}

/** Whether a lens sees less than everything of something: then it matters whose the subjects are. */
export const isNarrow = (lens: Lens): boolean => [...lens.values()].some(({ everything }) => !everything);

const SUBJECTS_MAX = 50;

/**
 * The ids that a caller is told of an event; null where he is not told of it at all. Whoever reaches everything of the kind is
 * told what the event names; others the subjects that they reach, and nothing of an event that is about none of them.
 */
export function subjectsSeen(
  lens: Lens,
  type: string,
  named: readonly string[],
  subjects: readonly Subject[],
): readonly string[] | null {
  const reached = new Set<string>();
  for (const { resource, through } of sightsOf(type)) {
    const reach = lens.get(resource);
    if (reach === undefined) continue;
    if (reach.everything) return named.slice(0, SUBJECTS_MAX);
    for (const subject of subjects)
      if (through.includes(subject.kind) && isReached(reach, subject)) reached.add(subject.id);
  }
  return reached.size === 0 ? null : [...reached].slice(0, SUBJECTS_MAX);
}
