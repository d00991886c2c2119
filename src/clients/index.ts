export { accountsOf, createClients, openAccounts } from './service.ts';
export type { AccountOfLogin, CreatedClient, NewAccount, NewClient, OpenedAccount } from './types.ts';
