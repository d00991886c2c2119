import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { systemClock } from '../../kernel/clock.ts';
import { ApiKeyId, idFromUuid, newUuid, UserId } from '../../kernel/ids.ts';
import type { Caller } from '../../platform/access.ts';
import { plainAddress } from '../../platform/addresses.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { policyTable } from '../policy/table.ts';
import { activeRolesOf, lockRights } from '../roles/queries.ts';
import { rolesProblem } from '../roles/errors.ts';
import { staffRowsOf } from '../roles/rules.ts';
import { type Maker, rowsOfRealm } from '../roles/store.ts';
import { apiKeysProblem } from './errors.ts';
import { apiKeyById, countLive, insertApiKey, keyForCall, noteUse, revokeApiKey } from './queries.ts';
import { readKey, scopesExceeding, scopesUnknown } from './rules.ts';
import type { ApiKey } from './types.ts';

const SECRET_BYTES = 32;
const HINT_CHARACTERS = 4;
const KEYS_MAX = 200;

/**
 * A plain SHA-256 is right for 256 random bits: nobody tries so many. A slow hash is for what people make up, and would
 * cost its time at every call.
 */
const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const textOf = (id: ApiKeyId, secret: string): string => `csk_${id.slice('key_'.length)}_${secret}`;

type NewKey = {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: Date | undefined;
  readonly addresses?: readonly string[] | undefined;
};

/** Makes a key; the answer has the only copy of it. */
export async function makeApiKey(
  tx: TenantTx,
  maker: Maker,
  { name, expiresAt, addresses = [], ...given }: NewKey,
): Promise<{ readonly key: string; readonly apiKey: ApiKey }> {
  await lockRights(tx, {});
  const scopes = [...new Set(given.scopes)].toSorted();
  await refuseScopes(tx, maker, scopes);
  if (onlyRow(await countLive(tx, {})).live >= KEYS_MAX)
    throw apiKeysProblem('identity.api_keys_too_many', { most: KEYS_MAX });
  const id = ApiKeyId.parse(idFromUuid('key', newUuid(systemClock.now().getTime())));
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const [made] = await insertApiKey(tx, {
    id,
    name,
    scopes,
    addresses,
    expiresAt,
    hash: hashOf(secret),
    hint: secret.slice(0, HINT_CHARACTERS),
    createdBy: maker.userId ?? tx.origin.actor,
  });
  if (made === undefined) throw apiKeysProblem('identity.expiry_past');
  const after = { name, scopes, addresses: [...addresses], expiresAt: expiresAt?.toISOString() ?? null };
  emit(tx, {
    stream: `api_key/${id}`,
    type: 'identity.api_key_made',
    schemaVersion: 1,
    payload: { before: null, after },
  });
  return { key: textOf(id, secret), apiKey: await existing(tx, id) };
}

async function refuseScopes(tx: TenantTx, { userId }: Maker, scopes: readonly string[]): Promise<void> {
  const unknown = scopesUnknown(scopes, policyTable);
  if (unknown.length > 0) throw apiKeysProblem('identity.scope_unknown', { scopes: unknown.slice(0, 20) });
  if (userId === null) return;
  const excess = await excessOf(
    tx,
    scopes,
    (await activeRolesOf(tx, { userId })).map(({ role }) => role),
  );
  if (excess.length > 0) throw rolesProblem('identity.rights_exceeded', { rights: excess.slice(0, 20) });
}

/** Scopes by which somebody with these roles would give a key more than he has himself. */
const excessOf = async (tx: TenantTx, scopes: readonly string[], roles: readonly string[]): Promise<string[]> =>
  scopesExceeding(scopes, staffRowsOf(roles, await rowsOfRealm(tx)), policyTable);

/**
 * What a key may at this moment: no more than its maker, who knows it and may have lost rights since; undefined where he may
 * not sign in any more. Keys that the installation made itself have what they were made for.
 */
async function scopesNow(
  tx: TenantTx,
  { createdBy, scopes }: { readonly createdBy: string; readonly scopes: readonly string[] },
): Promise<readonly string[] | undefined> {
  const maker = UserId.safeParse(createdBy);
  if (!maker.success) return scopes;
  const roles = (await activeRolesOf(tx, { userId: maker.data })).map(({ role }) => role);
  if (roles.length === 0) return undefined;
  const excess = await excessOf(tx, scopes, roles);
  return scopes.filter((scope) => !excess.includes(scope));
}

/** A key as people see it. */
type Row = Awaited<ReturnType<typeof apiKeyById>>[number];
export const keyOfRow = ({ hint, ...row }: Row): ApiKey => ({ ...row, prefix: textOf(row.id, hint) });

async function existing(tx: TenantTx, apiKeyId: ApiKeyId): Promise<ApiKey> {
  const [row] = await apiKeyById(tx, { apiKeyId });
  if (row === undefined) throw apiKeysProblem('identity.api_key_unknown');
  return keyOfRow(row);
}

/** Ends a key for good; one that has ended already stays as it is. */
export async function endApiKey(tx: TenantTx, apiKeyId: ApiKeyId): Promise<void> {
  const { revokedAt } = await existing(tx, apiKeyId);
  if (revokedAt !== null || (await revokeApiKey(tx, { apiKeyId })).length === 0) return;
  const payload = { before: 'live', after: 'revoked' };
  emit(tx, { stream: `api_key/${apiKeyId}`, type: 'identity.api_key_revoked', schemaVersion: 1, payload });
}

/** An address as the database compares it; null where it is none. */
function comparable(address: string | undefined): string | null {
  const plain = plainAddress(address ?? '');
  return isIP(plain) === 0 ? null : plain;
}

/**
 * The caller behind a key, `csk_<id>_<secret>`, as it comes from an address: undefined where it is none, revoked, ended by
 * the database's clock, made by somebody who is suspended, or not to be used from there. Without an address only keys that may be used from anywhere count.
 */
export async function callerOfApiKey(
  tx: TenantTx,
  text: string,
  address: string | undefined,
): Promise<Caller | undefined> {
  const read = readKey(text);
  if (read === undefined) return undefined;
  const from = comparable(address);
  const [row] = await keyForCall(tx, { apiKeyId: read.id, address: from });
  const isRight = timingSafeEqual(row?.hash ?? Buffer.alloc(32), hashOf(read.secret));
  if (row === undefined || !isRight || !row.isUsable) return undefined;
  const scopes = await scopesNow(tx, row);
  if (scopes === undefined) return undefined;
  await noteUse(tx, { apiKeyId: read.id, address: from });
  return {
    kind: 'api_key',
    id: read.id,
    surface: 'api',
    roles: ['api_key'],
    sessionId: null,
    clientId: null,
    ibId: null,
    deskIds: [],
    kycState: null,
    provenAt: null,
    impersonator: null,
    scopes,
  };
}
