import { emailKeyOf } from '../kernel/contact.ts';
import { AccountId, ClientId, idFromUuid, newUuid } from '../kernel/ids.ts';
import { sqlStateOf } from '../platform/database.ts';
import { emit } from '../platform/events/index.ts';
import { onlyRow } from '../platform/query.ts';
import type { TenantTx } from '../platform/tenant-tx.ts';
import { clientsProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { AccountOfLogin, CreatedClient, NewAccount, NewClient, OpenedAccount } from './types.ts';

/** Rows of one statement; a longer list is written in several, within the caller's transaction. */
const ROWS_PER_STATEMENT = 10_000;
const FOREIGN_KEY_VIOLATION = '23503';

function* slices<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += ROWS_PER_STATEMENT)
    yield items.slice(from, from + ROWS_PER_STATEMENT);
}

/**
 * Creates clients as a set and gives their keys in the order given; writes one event per statement, which names the
 * rows by id (never by name: what is in the chain of events cannot be forgotten). `clients.client_exists` if an id is taken.
 */
export async function createClients(tx: TenantTx, clients: readonly NewClient[]): Promise<CreatedClient[]> {
  const created: CreatedClient[] = [];
  const nowMs = Date.now();
  for (const slice of slices(clients)) {
    const ids = slice.map((client) => client.id ?? ClientId.parse(idFromUuid('cli', newUuid(nowMs))));
    const rows = await queries.insertClients(tx, { ids, ...columnsOf(slice) });
    const keys = keysByPlace(rows);
    ids.forEach((id, index) => {
      const key = keys.get(index + 1);
      if (key === undefined) throw clientsProblem('clients.client_exists', { detail: id });
      created.push({ key, id });
    });
    emit(tx, { ...streamOf('clients', ids), type: 'clients.created', schemaVersion: 1, payload: { ids } });
  }
  return created;
}

const columnsOf = (slice: readonly NewClient[]) => ({
  names: slice.map((client) => client.name),
  firstNames: slice.map((client) => client.firstName),
  lastNames: slice.map((client) => client.lastName),
  emails: slice.map((client) => client.email),
  emailKeys: slice.map(({ email }) => (email === undefined ? null : emailKeyOf(email))),
  phones: slice.map((client) => client.phone),
  countries: slice.map((client) => client.country),
  kycStates: slice.map((client) => client.kycState ?? 'pending'),
});

/**
 * Opens trading accounts as a set and gives their keys in the order given; one event per statement names the rows.
 * `clients.account_exists` if a login is taken on its server, `clients.client_unknown` if a client is not there.
 */
export async function openAccounts(tx: TenantTx, accounts: readonly NewAccount[]): Promise<OpenedAccount[]> {
  const opened: OpenedAccount[] = [];
  const nowMs = Date.now();
  for (const slice of slices(accounts)) {
    const ids = slice.map((account) => account.id ?? AccountId.parse(idFromUuid('acc', newUuid(nowMs))));
    const keys = keysByPlace(await insertAccounts(tx, slice, ids));
    slice.forEach(({ server, login }, index) => {
      const key = keys.get(index + 1);
      const id = ids[index];
      if (key === undefined || id === undefined)
        throw clientsProblem('clients.account_exists', { detail: `Login ${login} on server ${server}` });
      opened.push({ key, id, login });
    });
    emit(tx, { ...streamOf('accounts', ids), type: 'clients.accounts_opened', schemaVersion: 1, payload: { ids } });
  }
  return opened;
}

async function insertAccounts(tx: TenantTx, slice: readonly NewAccount[], ids: readonly AccountId[]) {
  try {
    return await queries.insertAccounts(tx, {
      ids,
      servers: slice.map((account) => account.server),
      logins: slice.map((account) => account.login),
      clientKeys: slice.map((account) => account.clientKey),
      groups: slice.map((account) => account.group),
      currencies: slice.map((account) => account.currency),
    });
  } catch (error) {
    if (sqlStateOf(error) !== FOREIGN_KEY_VIOLATION) throw error;
    throw clientsProblem('clients.client_unknown', { cause: error });
  }
}

/**
 * The accounts behind the logins of one server, one index probe each; a login that is not known is not in the answer.
 * The order is the database's.
 */
export const accountsOf = (tx: TenantTx, server: string, logins: readonly bigint[]): Promise<AccountOfLogin[]> =>
  queries.accountsOfLogins(tx, { server, logins });

/** Two rows for one place cannot be: a login given twice is one row in the database, and its second place has no key. */
function keysByPlace(rows: readonly { key: number; place: number }[]): Map<number, number> {
  const keys = new Map<number, number>();
  const taken = new Set<number>();
  for (const { key, place } of [...rows].sort((left, right) => left.place - right.place)) {
    if (taken.has(key)) continue;
    taken.add(key);
    keys.set(place, key);
  }
  return keys;
}

/** A single row has a stream of its own, a bulk shares one. */
const streamOf = (kind: string, ids: readonly string[]): { stream: string } => ({
  stream: ids.length === 1 ? `${kind}/${ids[0]}` : kind,
});

/** The short keys of clients, by id; `clients.client_unknown` names one that is not there. */
export async function clientKeys(tx: TenantTx, ids: readonly ClientId[]): Promise<ReadonlyMap<ClientId, number>> {
  const keys = new Map((await queries.keysOfClients(tx, { ids })).map((row) => [row.id, row.key]));
  const missing = ids.find((id) => !keys.has(id));
  if (missing !== undefined) throw clientsProblem('clients.client_unknown', { detail: missing });
  return keys;
}

/** Clients with the logins of their accounts, in the order in which they came. */
export const listClients = (
  tx: TenantTx,
  page: { readonly offset: number; readonly limit: number },
): Promise<{ id: ClientId; name: string; logins: bigint[] }[]> => queries.listClients(tx, page);

/** How many clients there are. */
export async function countClients(tx: TenantTx): Promise<number> {
  return onlyRow(await queries.countClients(tx, {})).clients;
}
