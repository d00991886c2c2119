export { listClientsOfIb } from './people/contract.ts';
export { shownClient } from './people/routes.ts';
export { addClient, assignClient, clientWithin, kycStateOf, pageOfClients, setKycState } from './people/service.ts';
export {
  accountsAmong,
  accountsOfClients,
  channelsOf,
  clientIdsOf,
  clientKeyOf,
  clientUnknown,
  countriesOf,
  currenciesOfAccounts,
  loginsWithin,
  nameOf,
} from './keys/service.ts';
export { isWithinReach, reachParams, withinReach } from './reach.ts';
export { clientRoutes } from './routes.ts';
export { accountsOf, clientKeys, countClients, createClients, listClients, openAccounts } from './service.ts';
export type * from './types.ts';
export { type ClientOwners, ownersOf } from './subjects/service.ts';
