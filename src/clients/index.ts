export { accountsOf, createClients, openAccounts } from './service.ts';
export type * from './types.ts';
