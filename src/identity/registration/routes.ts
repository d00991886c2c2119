import { type Route, route } from '../../platform/route.ts';
import type { SignInDeps } from '../deps.ts';
import { askedBy } from '../sign-in/asked.ts';
import * as contract from './contract.ts';
import { register, resendVerification, verify } from './service.ts';

const accepted = { status: 202, json: { accepted: true } } as const;

/** The routes of signing up and of proving an address. */
export const registrationRoutes = (deps: SignInDeps): Route[] => [
  route(contract.register, async (request) => {
    await register(deps, deps.realmOf(request), request.body, askedBy(request));
    return accepted;
  }),
  route(contract.verifyEmail, async (request) => {
    await verify(deps, deps.realmOf(request), request.body.token, askedBy(request));
    return { status: 204 };
  }),
  route(contract.resendVerification, async (request) => {
    await resendVerification(deps, deps.realmOf(request), request.body.email, askedBy(request));
    return accepted;
  }),
];
