export { ensureAccounts, hold, post, resolve } from './service.ts';
export {
  balanceAsOf,
  balancesOf,
  balancesOfOwners,
  countTransfers,
  entriesOf,
  netsOfOwners,
  referencesUnder,
  transferSumsOf,
  trialBalance,
} from './store.ts';
export { ledgerAccountRoutes } from './accounts/routes.ts';
export type { LedgerOwners } from './accounts/service.ts';
export { adjustmentRoutes } from './adjustments/routes.ts';
export { adjustmentForm } from './adjustments/service.ts';
export { verifyLedger } from './verify/service.ts';
export { purposes } from './types.ts';
export type { AccountKey, AccountRef, NewTransfer, Resolution, TransferSum } from './types.ts';
