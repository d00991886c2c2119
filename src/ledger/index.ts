export { ensureAccounts, hold, post, resolve } from './service.ts';
export { balanceAsOf, balancesOf, countTransfers, entriesOf, referencesUnder, transferSumsOf, trialBalance } from './store.ts';
export { verifyLedger } from './verify/service.ts';
export { purposes } from './types.ts';
export type {
  AccountKey,
  AccountRef,
  Balance,
  Entry,
  NewTransfer,
  Purpose,
  Resolution,
  TimeAxis,
  TransferKind,
  TransferName,
  TransferSum,
  TrialBalanceLine,
} from './types.ts';
