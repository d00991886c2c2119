import { z } from 'zod';
import { TenantId, newUuid } from '../kernel/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { type JobDefinition, type JobHandler, type Queues, handlerOf } from '../platform/queue/index.ts';
import type { MailDelivery } from './delivery/service.ts';
import type { MailRealm } from './types.ts';

/** The queue of mails, apart from the engine's: neither waits for the other. */
export const NOTIFICATION_QUEUE = 'notifications';

const MailWaiting = z.strictObject({
  /** Null: the installation's own. */
  realm: TenantId.nullable(),
  /** Tells one nudge from another: a queue remembers the names of jobs that ended. */
  nudge: z.uuid(),
});
type MailWaiting = z.infer<typeof MailWaiting>;

/** Says that mail waits in a realm. What it cannot deliver is due again later, and the sweeper sees to that. */
const mailWaiting: JobDefinition<MailWaiting> = {
  queue: NOTIFICATION_QUEUE,
  name: 'MailWaiting',
  payload: MailWaiting,
  sameAs: ({ nudge }) => `mail.${nudge}`,
  attemptsMax: 3,
  backoffMs: 500,
};

/** Delivers what waits; `onLeft` is told where something is to be tried again, so that the sweeper comes back in time. */
export const mailWaitingHandler = (delivery: MailDelivery, onLeft: (realm: MailRealm) => void): JobHandler =>
  handlerOf(mailWaiting, async (_context, { realm }) => {
    const { left } = await delivery.deliverDue(realm);
    if (left) onLeft(realm);
  });

/** Says that mail waits; rejects with `queue.unavailable` where the queue is away. */
const announceMail = (queues: Queues, realm: MailRealm): Promise<void> =>
  queues.add(mailWaiting, { realm, nudge: newUuid(Date.now()) });

/** Commits in quick succession make one job. */
const GATHER_MS = 30;

/**
 * Collects realms with mail and announces them a moment later. One that is lost is found by the sweeper, so a queue that
 * is away is logged and nothing else.
 */
export function makeMailNudge(queues: Queues, log: Logger): (realm: MailRealm) => void {
  const waiting = new Set<MailRealm>();
  return (realm) => {
    if (waiting.has(realm)) return;
    waiting.add(realm);
    setTimeout(() => {
      waiting.delete(realm);
      announceMail(queues, realm).catch((error: unknown) =>
        log.warn({ err: error }, 'the queue was not told of mail; the sweeper will'),
      );
    }, GATHER_MS).unref();
  };
}

/** What the sweeper does about a realm's mail: has it announced where it is due, and comes back when it will be. */
export async function sweepMail(
  delivery: MailDelivery,
  queues: Queues,
  realm: MailRealm,
): Promise<{ laterMs?: number }> {
  const dueInMs = await delivery.lookAfter(realm);
  if (dueInMs === null) return {};
  if (dueInMs > 0) return { laterMs: dueInMs };
  await announceMail(queues, realm);
  return {};
}
