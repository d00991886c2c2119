import { makeAmender, makePeriodStep, settleReruns, settleTrueUps, tellOfCorrections } from '../commissions/index.ts';
import { systemClock } from '../kernel/clock.ts';
import type { TenantId } from '../kernel/ids.ts';
import type { Metrics } from '../ops/index.ts';
import { sendNotices, settleStatements } from '../payouts/index.ts';
import { payoutSteps } from './payouts.ts';
import { makeSealer } from '../platform/crypto.ts';
import type { Logger } from '../platform/logger.ts';
import { type Periodic, periodically } from '../platform/periodic.ts';
import { removeOldTaskFiles, sweepTasks } from '../platform/tasks/index.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import type { Platform } from './compose.ts';
import { correctionMails } from './corrections.ts';
import { sendMailOf } from './mail.ts';
import { proveBookings } from './proving.ts';
import { siteOf } from './sites.ts';
import { statementMails } from './statements.ts';
import { statementRunOf } from './task-kinds.ts';
import type { Work } from './work.ts';

const PERIOD_MS = 60_000;
/** Tenants that are looked after at the same time. */
const TENANTS_AT_ONCE = 4;

/** Something that is looked after at each tenant once a minute. It must be quick where nothing is due. */
export type SettlingStep = (tenantId: TenantId) => Promise<void>;

/** What the steps stand on. */
export type SettlingDeps = {
  readonly config: CompleteConfig;
  readonly platform: Pick<Platform, 'tenancy'>;
  readonly work: Pick<Work, 'queues' | 'nudgeMail'>;
  readonly metrics: Pick<Metrics, 'countProofs'>;
  readonly log: Logger;
};

/** Every step, by the name under which its failures are logged: one line for each, done in this order. */
const settlingSteps = ({
  config,
  platform,
  work,
  metrics,
  log,
}: SettlingDeps): Readonly<Record<string, SettlingStep>> => {
  const { withTenant, tenantOfId } = platform.tenancy;
  const statements = statementRunOf({ sealerOf: (purpose) => makeSealer(config.secret, purpose) });
  const tell = statementMails({
    sendMail: sendMailOf(config, work.nudgeMail),
    siteOf: async (tenantId) => siteOf(config, (await tenantOfId(tenantId)).slug),
  });
  const tellCorrections = correctionMails({
    sendMail: sendMailOf(config, work.nudgeMail),
    siteOf: async (tenantId) => siteOf(config, (await tenantOfId(tenantId)).slug),
  });
  return {
    'lost tasks': async (tenantId) =>
      void (await sweepTasks({ withTenant, queues: work.queues, log }, tenantId, config.slotLeaseMs)),
    'what the feed says of deals afterwards': makeAmender({ withTenant }),
    'a sample of bookings is computed again': proveBookings({ withTenant, clock: systemClock, metrics, log }),
    'statements that are due': (tenantId) => settleStatements({ withTenant, run: statements }, tenantId),
    'mails about statements': (tenantId) => sendNotices({ withTenant, tell }, tenantId),
    'what became of re-runs': (tenantId) => settleReruns({ withTenant }, tenantId),
    'mails about corrections': (tenantId) => tellOfCorrections({ withTenant, tell: tellCorrections }, tenantId),
    ...payoutSteps({ config, tenancy: platform.tenancy, nudgeMail: work.nudgeMail }),
    'tiers that were reached': (tenantId) => settleTrueUps({ withTenant }, tenantId),
    'periods that are over': makePeriodStep({ withTenant }),
    'old files of tasks': (tenantId) => removeOldTaskFiles(withTenant, tenantId),
  };
};

/** Looks after every active tenant each minute; an error at one tenant or step holds up no other. */
export function startSettling(deps: SettlingDeps, periodMs = PERIOD_MS, steps = settlingSteps(deps)): Periodic {
  const { platform, log } = deps;
  const stopping = new AbortController();
  const settle = async (tenantId: TenantId): Promise<void> => {
    for (const [name, step] of Object.entries(steps)) {
      if (stopping.signal.aborted) return;
      await step(tenantId).catch((error: unknown) =>
        log.warn({ err: error, tenantId, step: name }, 'a step of settling failed; the next round does it'),
      );
    }
  };
  const round = async (): Promise<void> => {
    const waiting = (await platform.tenancy.tenants()).filter(({ status }) => status === 'active').map(({ id }) => id);
    const work = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await settle(next);
    };
    await Promise.all(Array.from({ length: TENANTS_AT_ONCE }, work));
  };
  const rounds = periodically('settling', periodMs, round, log);
  return {
    stop: () => {
      stopping.abort();
      return rounds.stop();
    },
  };
}
