import type { Route } from '../platform/route.ts';
import { accountRequestRoutes } from './account-requests/routes.ts';
import { tradingAccountRoutes } from './accounts/routes.ts';
import { type PeopleRouteDeps, peopleRoutes } from './people/routes.ts';

/** The routes of clients and of their trading accounts. */
export const clientRoutes = (deps: PeopleRouteDeps): Route[] => [
  ...peopleRoutes(deps),
  ...tradingAccountRoutes(deps),
  ...accountRequestRoutes(deps),
];
