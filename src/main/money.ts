import { clientIdsOf, clientKeyOf } from '../clients/index.ts';
import {
  awardRoutes,
  costRoutes,
  discrepancyRoutes,
  differenceRoutes,
  lintRoutes,
  exceptionRoutes,
  overrideRoutes,
  planRoutes,
  chargebackRoutes,
  rerunRoutes,
  rebateRoutes,
  simulationRoutes,
  tradeRoutes,
} from '../commissions/index.ts';
import { ibIdsOf, ibKeys } from '../ib/index.ts';
import { requestApproval } from '../identity/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { TenantId } from '../kernel/ids.ts';
import { ledgerAccountRoutes, adjustmentRoutes, type LedgerOwners } from '../ledger/index.ts';
import { refuseClosed } from '../payouts/index.ts';
import type { Sealer } from '../platform/crypto.ts';
import type { Route } from '../platform/route.ts';
import type { Tenancy } from '../tenancy/index.ts';
import { openRoutes, parkedRoutes, sourceRoutes } from '../trading/index.ts';
import { ledgerAdjustment } from './approval-kinds.ts';

/** The books name IBs and clients by short keys; who is behind them, the tree and the clients know. */
export const ledgerOwners: LedgerOwners = {
  keysOf: async (tx, { ibId, clientId }) => ({
    ibKey: ibId === null ? null : ((await ibKeys(tx, [ibId])).get(ibId) ?? null),
    clientKey: clientId === null ? null : await clientKeyOf(tx, clientId),
  }),
  idsOf: async (tx, { ibKeys: keys, clientKeys }) => ({
    ibs: await ibIdsOf(tx, keys),
    clients: await clientIdsOf(tx, clientKeys),
  }),
};

type MoneyDependencies = {
  readonly tenancy: Pick<Tenancy, 'withTenant'>;
  readonly clock: Clock;
  readonly sealerOf: (purpose: string) => Sealer;
  readonly announceTrades: (tenantId: TenantId) => Promise<void>;
};

/** The routes of what earns and of what was earned: plans, trades, rebates, the books, sources of deals, parked deals. */
export const moneyRoutes = ({
  tenancy: { withTenant },
  clock,
  sealerOf,
  announceTrades,
}: MoneyDependencies): Route[] => [
  ...planRoutes({ withTenant, refuseClosed }),
  ...overrideRoutes({ withTenant }),
  ...exceptionRoutes({ withTenant }),
  ...lintRoutes({ withTenant }),
  ...simulationRoutes({ withTenant }),
  ...rerunRoutes({ withTenant }),
  ...chargebackRoutes({ withTenant }),
  ...differenceRoutes({ withTenant }),
  ...tradeRoutes({ withTenant }),
  ...discrepancyRoutes({ withTenant }),
  ...rebateRoutes({ withTenant }),
  ...awardRoutes({ withTenant }),
  ...costRoutes({ withTenant }),
  ...ledgerAccountRoutes({ withTenant, owners: ledgerOwners }),
  ...adjustmentRoutes({
    askForAdjustment: (tx, adjustment, about) => requestApproval(tx, ledgerAdjustment, adjustment, about),
  }),
  ...sourceRoutes({ withTenant, clock, sealer: sealerOf('trading.sources') }),
  ...parkedRoutes({ withTenant, onDue: announceTrades }),
  ...openRoutes({ withTenant, onDue: announceTrades }),
];
