import type { AccountId, ClientId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { clientsProblem } from '../errors.ts';
import { keysOfClients } from '../queries.ts';
import { reachParams } from '../reach.ts';
import * as queries from './queries.ts';

/** An account as its platform knows it. */
export type Login = { readonly server: string; readonly login: bigint };

/** The ids behind short keys. */
export async function clientIdsOf(tx: TenantTx, keys: readonly number[]): Promise<ReadonlyMap<number, ClientId>> {
  if (keys.length === 0) return new Map();
  return new Map((await queries.idsOfKeys(tx, { keys: [...new Set(keys)] })).map(({ key, id }) => [key, id]));
}

/** Where clients live, by ISO 3166-1 alpha-2, as far as it is known now. */
export async function countriesOf(tx: TenantTx, keys: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (keys.length === 0) return new Map();
  const rows = await queries.countriesOfClients(tx, { keys: [...new Set(keys)] });
  return new Map(rows.flatMap(({ key, country }) => (country === null ? [] : [[key, country]])));
}

/** The accounts of clients with their logins and deposit currencies. */
export const accountsOfClients = async (tx: TenantTx, clientKeys: readonly number[]) =>
  clientKeys.length === 0 ? [] : queries.accountsOfClients(tx, { clientKeys: [...new Set(clientKeys)] });

/** The currencies in which accounts are kept; reads every account. */
export const currenciesOfAccounts = async (tx: TenantTx) =>
  (await queries.currenciesOfAccounts(tx, {})).map(({ currency }) => currency);

/** How clients came: the referral code with which each signed up, '' without one. It never changes. */
export async function channelsOf(tx: TenantTx, keys: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (keys.length === 0) return new Map();
  const rows = await queries.channelsOfKeys(tx, { keys: [...new Set(keys)] });
  return new Map(rows.map(({ key, channel }) => [key, channel]));
}

/** The short key behind an id; null where there is no such client. */
export async function clientKeyOf(tx: TenantTx, id: ClientId): Promise<number | null> {
  const [found] = await keysOfClients(tx, { ids: [id] });
  return found?.key ?? null;
}

/** What is answered where there is no such client. */
export const clientUnknown = (id: ClientId) => clientsProblem('clients.client_unknown', { detail: id });

/** The accounts within reach, of one client or one account if that is said; at most `limit`. */
export const loginsWithin = (
  tx: TenantTx,
  reach: Reach,
  asked: {
    readonly accountId?: AccountId | undefined;
    readonly clientId?: ClientId | undefined;
    readonly limit: number;
  },
): Promise<Login[]> =>
  queries.loginsWithin(tx, {
    ...reachParams(reach),
    accountId: asked.accountId,
    clientId: asked.clientId,
    limit: asked.limit,
  });

/** Of these accounts the ones within reach, by `login@server`. */
export async function accountsAmong(
  tx: TenantTx,
  reach: Reach,
  logins: readonly Login[],
): Promise<ReadonlyMap<string, { readonly id: AccountId; readonly clientId: ClientId }>> {
  const distinct = new Map(logins.map((each) => [nameOf(each), each]));
  if (distinct.size === 0) return new Map();
  const asked = [...distinct.values()];
  const rows = await queries.accountsAmong(tx, {
    ...reachParams(reach),
    servers: asked.map(({ server }) => server),
    logins: asked.map(({ login }) => login),
  });
  return new Map(rows.map((row) => [nameOf(row), { id: row.id, clientId: row.clientId }]));
}

/** By what `accountsAmong` names an account. */
export const nameOf = ({ server, login }: Login): string => `${login}@${server}`;
