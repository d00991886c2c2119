export { ensureAccounts, hold, post, resolve } from './service.ts';
export { balanceAsOf, balancesOf, entriesOf, trialBalance } from './store.ts';
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
  TrialBalanceLine,
} from './types.ts';
