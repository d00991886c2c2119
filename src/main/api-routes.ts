import { clientRoutes } from '../clients/index.ts';
import { descriptionRoutes } from '../http/index.ts';
import { ibRoutes } from '../ib/index.ts';
import {
  approvalRoutes,
  auditRoutes,
  authRoutes,
  entryRoutes,
  impersonationRoutes,
  isActiveStaff,
  isDesk,
  makeRealmOf,
} from '../identity/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { OperationId, TenantId } from '../kernel/ids.ts';
import type { OperationForm } from '../kernel/operation.ts';
import type { Metrics, OpsSettings } from '../ops/index.ts';
import { opsRoutes } from '../ops/index.ts';
import {
  accrualRoutes,
  closingRoutes,
  disputeRoutes,
  payoutRunRoutes,
  refuseClosed,
  scheduleRoutes,
  statementRoutes,
  walletRoutes,
} from '../payouts/index.ts';
import type { Sealer } from '../platform/crypto.ts';
import type { Counter } from '../platform/limits.ts';
import type { Logger } from '../platform/logger.ts';
import type { SendMail } from '../platform/mail.ts';
import type { Route } from '../platform/route.ts';
import type { CompleteConfig } from '../platform/secrets.ts';
import { taskRoutes } from '../platform/tasks/index.ts';
import { liveRoutes, type LiveStreams } from '../reports/index.ts';
import { type QuotaBook, type Tenancy, tenancyRoutes, type UsageMeter } from '../tenancy/index.ts';
import { feedRoutes } from '../trading/index.ts';
import { approvalKinds } from './approval-kinds.ts';
import { exportsFolderOf } from './folders.ts';
import type { Identity } from './identity.ts';
import { moneyRoutes } from './money.ts';
import { peopleAtWorkRoutes } from './staff.ts';
import { letterheads } from './statements.ts';
import { taskKinds } from './task-kinds.ts';
import { version } from './version.ts';

/** What the routes of all features stand on; each takes of it what it needs. */
export type ApiDependencies = Omit<OpsSettings, 'metrics'> & {
  readonly tenancy: Tenancy;
  readonly config: CompleteConfig;
  readonly clock: Clock;
  /** Seals secrets that are stored, under a key of its own for each purpose. */
  readonly sealerOf: (purpose: string) => Sealer;
  readonly metrics: Metrics;
  /** Tells of due trades after the commit that made them due. Only a hint. */
  readonly announceTrades: (tenantId: TenantId) => Promise<void>;
  /** Puts long work on a tenant on its queue, after the commit. Only a hint. */
  readonly nudgeOperation: (operationId: OperationId) => Promise<void>;
  /** What tenants may use; requests are counted against it. */
  readonly quotas: Pick<QuotaBook, 'requestsPerMinuteOf' | 'refuseMore' | 'hasRoom'>;
  /** Counts what tenants use. */
  readonly usage: Pick<UsageMeter, 'add'>;
  readonly sendMail: SendMail;
  /** Counts requests for the limits; `makeLimit(counter, config.signInsMax)` bounds what asks before it is known. */
  readonly counter: Counter;
  /** Who people and programs are, and what they may do. */
  readonly identity: Identity;
  /** The open streams of events; whoever stops the server stops them first. */
  readonly live: LiveStreams;
  readonly log: Logger;
};

/** Every route of the API: one line for each feature. Nothing is opened or asked here, only when a route is called. */
export const apiRoutes = (deps: ApiDependencies): Route[] => [
  ...descriptionRoutes({ operations: allOperations, version, problemsUrl: deps.config.problemsUrl }),
  ...opsRoutes(deps),
  ...tenancyRoutes({
    tenancy: deps.tenancy,
    nudgeOperation: deps.nudgeOperation,
    exportsFolder: () => exportsFolderOf(deps.config),
    clock: deps.clock,
    log: deps.log,
  }),
  ...authRoutes(deps.identity.signIn),
  ...peopleAtWorkRoutes(deps),
  ...approvalRoutes({ withTenant: deps.tenancy.withTenant, kinds: approvalKinds, policy: deps.identity.policy }),
  ...taskRoutes({
    withTenant: deps.tenancy.withTenant,
    kinds: taskKinds,
    mayAllOf: (caller, asked) => deps.identity.policy.mayAllOf(caller, asked),
  }),
  ...impersonationRoutes({ withTenant: deps.tenancy.withTenant, tokens: deps.identity.signIn.tokens }),
  ...entryRoutes({
    withTenant: deps.tenancy.withTenant,
    withControl: deps.tenancy.withControl,
    tokens: deps.identity.signIn.tokens,
  }),
  ...clientRoutes({
    withTenant: deps.tenancy.withTenant,
    assignees: { isStaff: isActiveStaff, isDesk },
    refuseMore: (tenantId, count) => deps.quotas.refuseMore(tenantId, 'clients', count),
  }),
  ...ibRoutes({ withTenant: deps.tenancy.withTenant, refuseClosed }),
  ...auditRoutes({ realmOf: makeRealmOf(deps.tenancy), guard: deps.identity.guard }),
  ...liveRoutes(deps.live),
  ...moneyRoutes(deps),
  ...scheduleRoutes({ withTenant: deps.tenancy.withTenant }),
  ...accrualRoutes({ withTenant: deps.tenancy.withTenant }),
  ...statementRoutes({ withTenant: deps.tenancy.withTenant, letterheadOf: letterheads(deps.tenancy) }),
  ...payoutRunRoutes({ withTenant: deps.tenancy.withTenant }),
  ...walletRoutes({ withTenant: deps.tenancy.withTenant }),
  ...closingRoutes({ withTenant: deps.tenancy.withTenant }),
  ...disputeRoutes({ withTenant: deps.tenancy.withTenant }),
  ...feedRoutes({
    withTenant: deps.tenancy.withTenant,
    clock: deps.clock,
    sealer: deps.sealerOf('trading.sources'),
    onStored: ({ tenantId }) => deps.announceTrades(tenantId),
    onLines: ({ accepted, duplicates, parked, rejected }) => {
      deps.metrics.countFeedLines('accepted', accepted);
      deps.metrics.countFeedLines('duplicate', duplicates);
      deps.metrics.countFeedLines('parked', parked);
      deps.metrics.countFeedLines('rejected', rejected);
    },
  }),
];

/** Stands for dependencies of routes that are described and never called: any member of it is itself. */
const undecided: unknown = new Proxy(() => undefined, {
  get: (_target, name) => (typeof name === 'symbol' ? undefined : undecided),
  apply: () => undecided,
});

/** Every operation of the API as data, without a database: for the description, the gates and the generated tests. */
export const allOperations = (): readonly OperationForm[] =>
  apiRoutes(undecided as ApiDependencies).map(({ operation }) => operation);
