import type { TenantId } from '../kernel/ids.ts';
import {
  type MailDelivery,
  type MailRealm,
  mailWaitingHandler,
  makeDelivery,
  makeSendMail,
  openTransport,
  sweepMail,
  transportDefaults,
} from '../notifications/index.ts';
import type { Metrics } from '../ops/index.ts';
import { makeSealer } from '../platform/crypto.ts';
import type { Logger } from '../platform/logger.ts';
import type { SendMail } from '../platform/mail.ts';
import { startWorkers } from '../platform/queue/index.ts';
import { Rounds, type VisitOutcome } from '../platform/rounds/index.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import type { Platform } from './compose.ts';
import type { Work } from './work.ts';

/** Mails delivered at the same time, over all tenants, by one worker process. */
const CONCURRENCY = 3;
const GRACE_MS = 10_000;
const BACKOFF_MS = 1_000;
const INSTALLATION = 'Cascade';

const mailSealer = (config: CompleteConfig) => makeSealer(config.secret, 'notifications.messages');

/** `sendMail` for a process; `nudge` tells the workers after the commit, where there is a queue to tell them by. */
export const sendMailOf = (config: CompleteConfig, nudge: (realm: MailRealm) => void = () => undefined): SendMail =>
  makeSendMail({ sealer: mailSealer(config), nudge });

/** What delivering stands on. */
type MailWorkDeps = {
  readonly config: CompleteConfig;
  readonly platform: Pick<Platform, 'tenancy'>;
  readonly work: Pick<Work, 'store' | 'queues'>;
  readonly metrics: Pick<Metrics, 'countJob'>;
  readonly log: Logger;
};

/** The delivery of mails, as a part of the worker. */
type MailWork = {
  /** Begins to deliver what the queue tells of; `onLeft` is told of tenants to come back to. */
  readonly start: (onLeft: (tenantId: TenantId) => void) => Promise<void>;
  /** Looks after a tenant's mail, on the sweeper's rounds. */
  readonly sweep: (tenantId: TenantId) => Promise<Pick<VisitOutcome, 'laterMs'>>;
  readonly stop: () => Promise<void>;
};

/** Makes what delivers mails: those that the queue tells of, and those that the sweeper finds. */
export function mailWork({ config, platform, work, metrics, log }: MailWorkDeps): MailWork {
  const { withTenant, withControl, tenantOfId } = platform.tenancy;
  const from = config.mailFrom ?? `no-reply@${config.baseHost}`;
  if (config.smtpUrl === undefined) log.warn('CASCADE_SMTP_URL is not set: mails wait until it is');
  const transport =
    config.smtpUrl === undefined ? undefined : openTransport({ ...transportDefaults, url: config.smtpUrl, from });
  const delivery = makeDelivery({
    withTenant,
    withControl,
    transport,
    log,
    sealer: mailSealer(config),
    senderOf: async (realm) => (realm === null ? INSTALLATION : (await tenantOfId(realm)).name),
    domain: from.slice(from.lastIndexOf('@') + 1),
  });
  const stops: (() => Promise<void>)[] = [];
  return {
    sweep: (tenantId) => sweepMail(delivery, work.queues, tenantId),
    start: async (onLeft) => {
      const ofInstallation = installationRounds(delivery, config, work, log);
      stops.push(() => ofInstallation.stop());
      const handler = mailWaitingHandler(delivery, (realm) =>
        realm === null ? ofInstallation.nudge('installation') : onLeft(realm),
      );
      const workers = await startWorkers(work.store, [handler], {
        withTenant,
        log,
        settings: { concurrency: CONCURRENCY, lockMs: config.jobLockMs, stalledCheckMs: config.stalledPeriodMs },
        onEnd: metrics.countJob,
      });
      stops.push(() => workers.close(GRACE_MS));
    },
    stop: async () => {
      for (const stop of stops) await stop();
      transport?.close();
    },
  };
}

/** Looks after the mail of the installation's own people, as the sweeper does for tenants. */
const installationRounds = (
  delivery: MailDelivery,
  config: CompleteConfig,
  work: Pick<Work, 'queues'>,
  log: Logger,
): Rounds<'installation'> =>
  new Rounds({
    name: "sweeper of the installation's mail",
    tenantIds: () => Promise.resolve(['installation']),
    takeHints: () => Promise.resolve([]),
    visit: async () => ({ again: false, ...(await sweepMail(delivery, work.queues, null)) }),
    settings: {
      sweepMs: config.visitPeriodMs,
      hintPollMs: config.visitPeriodMs,
      concurrency: 1,
      backoffMs: BACKOFF_MS,
    },
    log,
  });
