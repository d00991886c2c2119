export { type KycState, listClientsOfIb } from './people/contract.ts';
export type { PeopleRouteDeps } from './people/routes.ts';
export { shownClient } from './people/routes.ts';
export {
  addClient,
  type Assignees,
  clientWithin,
  kycStateOf,
  type NewContact,
  pageOfClients,
  setKycState,
} from './people/service.ts';
export { accountsAmong, clientIdsOf, clientKeyOf, type Login, loginsWithin, nameOf } from './keys/service.ts';
export { isWithinReach, reachParams, withinReach } from './reach.ts';
export { clientRoutes } from './routes.ts';
export { accountsOf, clientKeys, countClients, createClients, listClients, openAccounts } from './service.ts';
export type * from './types.ts';
export { type ClientOwners, ownersOf } from './subjects/service.ts';
