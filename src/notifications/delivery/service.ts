import { reach } from '#fault-points';
import type { MessageId } from '../../kernel/ids.ts';
import type { Sealer } from '../../platform/crypto.ts';
import { emit } from '../../platform/events/index.ts';
import type { Logger } from '../../platform/logger.ts';
import type { RealmTx, WithControl, WithTenant } from '../../platform/tenant-tx.ts';
import * as queries from '../outbox/queries.ts';
import { openMail } from '../outbox/service.ts';
import { writeMail } from '../templates/letters.ts';
import type { MailRealm } from '../types.ts';
import { DeliveryFailure } from './transport.ts';
import type { MailTransport } from './types.ts';

/** How mails are taken and tried again; times in milliseconds. */
export type DeliverySettings = {
  /** How long whoever took a mail has for it; longer than any delivery lasts. Then another one takes it. */
  readonly leaseMs: number;
  /** The pause after the first failure; it doubles with each further one, up to `backoffMsMax`. */
  readonly backoffMs: number;
  readonly backoffMsMax: number;
  /** A mail that the server has refused this often "for now" is given up. A server that is away counts against no mail. */
  readonly refusalsMax: number;
  /** A mail is never older than this: whatever it told is of no use any more. */
  readonly ageDaysMax: number;
};

const deliveryDefaults: DeliverySettings = {
  leaseMs: 120_000,
  backoffMs: 5_000,
  backoffMsMax: 600_000,
  refusalsMax: 12,
  ageDaysMax: 7,
};

export type DeliveryDeps = {
  readonly withTenant: WithTenant;
  readonly withControl: WithControl;
  readonly sealer: Sealer;
  /** None where no mail server is configured: mails wait. */
  readonly transport: MailTransport | undefined;
  /** In whose name a realm's mails are written: the tenant's name, or the installation's. */
  readonly senderOf: (realm: MailRealm) => Promise<string>;
  /** The domain of message ids: that of the sender's address. */
  readonly domain: string;
  readonly log: Logger;
  readonly settings?: Partial<DeliverySettings>;
};

/** Delivers what waits in a realm. */
export type MailDelivery = {
  /** Delivers what is due, as far as the server takes it; `left` says that something is to be tried again later. */
  readonly deliverDue: (realm: MailRealm) => Promise<{ readonly sent: number; readonly left: boolean }>;
  /** Gives up what is too old, and says when the next mail is due: 0 now, null where none waits or nothing can be sent. */
  readonly lookAfter: (realm: MailRealm) => Promise<number | null>;
};

const MAILS_PER_CLAIM = 5;
/** Claims of one job at most; what is left then has the next job. */
const CLAIMS_MAX = 200;
const GIVEN_UP_PER_LOOK = 100;

type Claimed = {
  readonly id: MessageId;
  readonly content: Buffer;
  readonly attempts: number;
  readonly template: string;
};

/** Makes the delivery of mails. Any number of processes may run it at once. */
export function makeDelivery(deps: DeliveryDeps): MailDelivery {
  const settings = { ...deliveryDefaults, ...deps.settings };
  const inRealm = <T>(realm: MailRealm, work: (tx: RealmTx) => Promise<T>): Promise<T> => {
    const origin = { actor: 'mailer', causation: 'mail' };
    return realm === null ? deps.withControl(work, origin) : deps.withTenant(realm, origin, work);
  };
  const run: Run = { ...deps, settings, inRealm };
  return {
    deliverDue: async (realm) => {
      if (deps.transport === undefined) return { sent: 0, left: false };
      const sender = await deps.senderOf(realm);
      let sent = 0;
      let left = false;
      for (let claim = 0; claim < CLAIMS_MAX; claim += 1) {
        const due = await inRealm(realm, (tx) =>
          queries.claimMails(tx, { leaseMs: settings.leaseMs, max: MAILS_PER_CLAIM }),
        );
        const outcomes = await Promise.all(due.map((mail) => deliverOne(run, deps.transport, realm, { sender, mail })));
        sent += outcomes.filter((outcome) => outcome === 'sent').length;
        left ||= outcomes.some((outcome) => outcome !== 'sent');
        if (due.length < MAILS_PER_CLAIM || outcomes.includes('server')) break; // The rest would fare the same.
      }
      return { sent, left };
    },
    lookAfter: async (realm) => {
      const next = await inRealm(realm, async (tx) => {
        const old = await queries.giveUpOld(tx, { days: settings.ageDaysMax, max: GIVEN_UP_PER_LOOK });
        for (const { id, template } of old) tellGivenUp(tx, id, template, 'too old');
        const [due] = await queries.nextDueIn(tx, {});
        return due?.dueInMs ?? null;
      });
      return deps.transport === undefined ? null : next;
    },
  };
}

type Run = Omit<DeliveryDeps, 'settings'> & {
  readonly settings: DeliverySettings;
  readonly inRealm: <T>(realm: MailRealm, work: (tx: RealmTx) => Promise<T>) => Promise<T>;
};
type Outcome = 'sent' | 'server' | 'mail';

const tellGivenUp = (tx: RealmTx, id: MessageId, template: string, reason: string): void =>
  emit(tx, {
    stream: `mails/${id}`,
    type: 'notifications.mail_failed',
    schemaVersion: 1,
    payload: { id, template, reason },
  });

/**
 * Sends one mail and notes it. Whoever dies between the two leaves a row that says `sending`: it is sent once more when
 * the lease has run out, under the same Message-ID, for a mail that comes twice is better than one that never comes.
 */
async function deliverOne(
  run: Run,
  transport: MailTransport | undefined,
  realm: MailRealm,
  { sender, mail }: { sender: string; mail: Claimed },
): Promise<Outcome> {
  const { id } = mail;
  try {
    const opened = openMail(run.sealer, realm, id, mail.content);
    const messageId = `${id.toLowerCase()}@${run.domain}`;
    await transport?.deliver({ messageId, senderName: sender, to: opened.to, ...writeMail(opened, sender) });
  } catch (error) {
    return settleFailure(run, realm, mail, error);
  }
  await reach('mail.before_mark');
  await run.inRealm(realm, (tx) => queries.markSent(tx, { id }));
  return 'sent';
}

async function settleFailure(run: Run, realm: MailRealm, mail: Claimed, error: unknown): Promise<Outcome> {
  const { settings, log } = run;
  const { id, attempts, template } = mail;
  const { kind, message: reason } =
    error instanceof DeliveryFailure ? error : { kind: 'mail_never' as const, message: 'cannot be written' };
  const about = {
    messageId: id,
    template,
    attempts,
    reason,
    ...(error instanceof DeliveryFailure ? {} : { err: error }),
  };
  const isLast = kind === 'mail_never' || (kind === 'mail_later' && attempts >= settings.refusalsMax);
  await run.inRealm(realm, async (tx) => {
    if (!isLast) {
      const delayMs = Math.min(settings.backoffMsMax, settings.backoffMs * 2 ** Math.min(attempts - 1, 20));
      await queries.putBack(tx, { id, attempts, reason, delayMs });
      return;
    }
    const given = await queries.giveUp(tx, { id, attempts, reason });
    if (given.length > 0) tellGivenUp(tx, id, template, reason);
  });
  if (isLast) log.error(about, 'a mail could not be sent and was given up');
  else log.warn(about, 'a mail could not be sent and will be tried again');
  return kind === 'server' ? 'server' : 'mail';
}
