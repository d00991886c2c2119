import { type Route, route } from '../../platform/route.ts';
import type { SignInDeps } from '../deps.ts';
import { askedBy, personOf } from '../sign-in/asked.ts';
import * as contract from './contract.ts';
import { changePassword, forgotPassword, resetPassword } from './service.ts';

/** The routes over passwords. */
export const passwordsRoutes = (deps: SignInDeps): Route[] => [
  route(contract.forgotPassword, async (request) => {
    await forgotPassword(deps, deps.realmOf(request), request.body.email, askedBy(request));
    return { status: 202, json: { accepted: true } };
  }),
  route(contract.resetPassword, async (request) => {
    await resetPassword(deps, deps.realmOf(request), request.body, askedBy(request));
    return { status: 204 };
  }),
  route(contract.changePassword, async (request) => {
    const given = { ...personOf(request), ...request.body };
    await changePassword(deps, deps.realmOf(request), given, askedBy(request));
    return { status: 204 };
  }),
];
