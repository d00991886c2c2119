import type { TenantTx } from '../../platform/tenant-tx.ts';
import { shortestDecimal } from '../platforms/mt5/fields.ts';
import { utcFromServerTime } from '../platforms/server-time.ts';
import type { ServerClockRule } from '../types.ts';
import * as queries from './queries.ts';
import type { AccountSnapshot, StateBefore } from './types.ts';

const HOUR_MS = 3_600_000;

/** An instant of a server's clock; where the clock skips the label, as if it had not been put forward. */
function instantOf(rule: ServerClockRule, serverTimeMs: number): Date {
  const found = utcFromServerTime(rule, serverTimeMs);
  if (found.kind === 'instant') return new Date(found.utcMs);
  const before = utcFromServerTime(rule, serverTimeMs - HOUR_MS);
  return new Date((before.kind === 'instant' ? before.utcMs : serverTimeMs - HOUR_MS) + HOUR_MS);
}

/** Keeps states of accounts, each once; gives by place which were not known before. */
export async function keepStates(
  tx: TenantTx,
  server: ServerClockRule & { readonly serverKey: number },
  states: readonly AccountSnapshot[],
): Promise<boolean[]> {
  const named = states.map((state) => {
    const at = instantOf(server, state.serverTimeMs);
    return { ...state, at, name: nameOf({ ...state, at }) };
  });
  const fresh = new Map(named.map((state) => [state.name, state]));
  const unique = [...fresh.values()];
  const inserted = await queries.insertStates(tx, {
    serverKey: server.serverKey,
    logins: unique.map(({ login }) => login),
    ats: unique.map(({ at }) => at),
    equities: unique.map(({ equity }) => equity),
    credits: unique.map(({ credit }) => credit),
    balances: unique.map(({ balance }) => balance ?? null),
  });
  const left = new Set(inserted.map(nameOf));
  return named.map(({ name }) => left.delete(name));
}

const nameOf = ({ login, at, equity, credit }: { login: bigint; at: Date; equity: string; credit: string }): string =>
  [login, at.getTime(), shortestDecimal(equity), shortestDecimal(credit)].join(' ');

/**
 * What the accounts of deals stood at, as last told for an instant at or before the given one; by deal, as far as it is known.
 * `factsKey` is the version of the deal that says whose account it is.
 */
export async function accountStatesOf(
  tx: TenantTx,
  deals: readonly { readonly dealKey: bigint; readonly factsKey: bigint; readonly atMs: number }[],
): Promise<Map<bigint, StateBefore>> {
  if (deals.length === 0) return new Map();
  const asked = new Map(deals.map(({ dealKey, atMs }) => [dealKey, atMs]));
  const rows = await queries.statesBefore(tx, {
    dealKeys: deals.map(({ dealKey }) => dealKey),
    factsKeys: deals.map(({ factsKey }) => factsKey),
    ats: deals.map(({ atMs }) => new Date(atMs)),
  });
  return new Map(
    rows.map(({ dealKey, equity, credit, at }) => {
      const ageMs = (asked.get(dealKey) ?? at.getTime()) - at.getTime();
      const texts = { equity: shortestDecimal(equity), credit: shortestDecimal(credit) };
      return [dealKey, { ...texts, at: at.toISOString(), ageMs }];
    }),
  );
}

/** Of deals that wait for it, those of whose account something is known by now. */
export async function withAccountState(tx: TenantTx, dealKeys: readonly bigint[]): Promise<bigint[]> {
  if (dealKeys.length === 0) return [];
  return (await queries.dealsWithState(tx, { dealKeys })).map(({ dealKey }) => dealKey);
}
