import { createHash } from 'node:crypto';
import type { AskedHost, Caller } from '../../platform/access.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import type { AuthenticateKey } from '../port.ts';
import { identityProblem } from '../errors.ts';
import { asking } from '../realm.ts';
import { readKey } from './rules.ts';
import { callerOfApiKey } from './service.ts';

/** How long an answer about a key is used; revoking it must bite within 5 s. */
const KEPT_MS = 2_000;
const KEPT_MAX = 2_000;

type Kept = { readonly untilMs: number; readonly caller: Promise<Caller | undefined> };

/**
 * Gives what authenticates programs: each key is asked for in the database once per 2 s, tenant and address, however many
 * calls come meanwhile. What is kept is named by a hash, so that no key lies about in memory.
 */
export function makeAuthenticateKey({ withTenant }: { readonly withTenant: WithTenant }): AuthenticateKey {
  const kept = new Map<string, Kept>();
  const load = async (text: string, { tenantId, remoteAddress }: AskedHost): Promise<Caller | undefined> =>
    tenantId === null || readKey(text) === undefined
      ? undefined
      : withTenant(tenantId, asking, (tx) => callerOfApiKey(tx, text, remoteAddress));
  return async (text, host) => {
    const name = createHash('sha256')
      .update(`${host.tenantId ?? ''}|${host.remoteAddress ?? ''}|${text}`)
      .digest('hex');
    const nowMs = performance.now();
    let found = kept.get(name);
    if (found === undefined || found.untilMs <= nowMs) {
      found = { untilMs: nowMs + KEPT_MS, caller: load(text, host) };
      kept.delete(name);
      kept.set(name, found);
      for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT_MAX))) kept.delete(oldest);
    }
    try {
      const caller = await found.caller;
      if (caller === undefined) throw identityProblem('identity.token_invalid');
      return caller;
    } catch (error) {
      if (kept.get(name) === found) kept.delete(name); // What failed is asked again, by the next caller.
      throw error;
    }
  };
}
