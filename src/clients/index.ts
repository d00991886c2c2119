export { isWithinReach, reachParams, withinReach } from './reach.ts';
export { accountsOf, clientKeys, createClients, listClients, openAccounts } from './service.ts';
export type * from './types.ts';
