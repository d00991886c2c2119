import type { Guard } from '../platform/access.ts';
import { httpProblem } from './errors.ts';

const refuse = () => Promise.reject(httpProblem('http.sign_in_required'));

/** The guard of a server on which nobody can sign in: for a server of public and signed routes only. */
export const nobodySignsIn: Guard = { authenticate: refuse, authorize: refuse };
