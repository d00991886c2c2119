export { ensureAccounts, hold, post, resolve } from './service.ts';
export {
  balanceAsOf,
  balancesOf,
  countTransfers,
  entriesOf,
  referencesUnder,
  transferSumsOf,
  trialBalance,
} from './store.ts';
export { verifyLedger } from './verify/service.ts';
export { purposes } from './types.ts';
export type { AccountKey, AccountRef, NewTransfer, Resolution, TransferSum } from './types.ts';
