import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import type { TenantId } from '../../kernel/ids.ts';
import type { Sealer } from '../../platform/crypto.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './key-queries.ts';

/** A key that is older is followed by a new one. It verifies for ever what it signed. */
const AGE_DAYS_MAX = 365;

/** For the sealer of the keys that sign statements; the tenant and the kid say where a sealed key belongs. */
export const STATEMENT_KEYS_PURPOSE = 'payouts.signing_keys';
const contextOf = (tenantId: TenantId, kid: string): string => `${tenantId}/payouts.signing_keys/${kid}`;

/** Signs bytes with the key of the moment (ES256: ECDSA over P-256 and SHA-256, r and s as 64 bytes, base64url). */
export type StatementSigner = { readonly kid: string; readonly sign: (text: string) => string };

/** SHA-256 of a text, hexadecimal. */
export const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** The tenant's present key; made where there is none, or none that is young enough. */
export async function signerOf(tx: TenantTx, sealer: Sealer): Promise<StatementSigner> {
  const [known] = await queries.newestKey(tx, { ageDaysMax: AGE_DAYS_MAX });
  const { kid, privateKey } = known ?? (await makeKey(tx, sealer, false));
  const key = createPrivateKey(sealer.open(privateKey, contextOf(tx.tenantId, kid)));
  return {
    kid,
    sign: (text) => sign('sha256', Buffer.from(text, 'utf8'), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
  };
}

/** Makes a new key, which signs from now on; the others go on verifying. */
export async function rotateStatementKey(tx: TenantTx, sealer: Sealer): Promise<{ readonly kid: string }> {
  const { kid } = await makeKey(tx, sealer, true);
  return { kid };
}

async function makeKey(tx: TenantTx, sealer: Sealer, isAsked: boolean): Promise<{ kid: string; privateKey: Buffer }> {
  await queries.lockKeys(tx, {}); // Two at the same time make one, unless a new one is asked for.
  const [known] = isAsked ? [] : await queries.newestKey(tx, { ageDaysMax: AGE_DAYS_MAX });
  if (known !== undefined) return known;
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomBytes(12).toString('base64url');
  const privateKey = sealer.seal(
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    contextOf(tx.tenantId, kid),
  );
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await queries.insertKey(tx, { kid, publicKey, privateKey });
  emit(tx, { stream: 'statement-keys', type: 'payouts.signing_key_made', schemaVersion: 1, payload: { kid } });
  return { kid, privateKey };
}

/** Whether a signature is that of a text by a public key. */
export function isSigned(text: string, signature: string, publicKey: string): boolean {
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.length !== 64) return false;
  return verify(
    'sha256',
    Buffer.from(text, 'utf8'),
    { key: createPublicKey(publicKey), dsaEncoding: 'ieee-p1363' },
    bytes,
  );
}

/** Every public key by its kid, as JWK for programs that verify by themselves. */
export async function publicKeys(tx: TenantTx) {
  return (await queries.allKeys(tx, {})).map(({ kid, publicKey, createdAt }) => {
    const { x = '', y = '' } = createPublicKey(publicKey).export({ format: 'jwk' });
    return {
      kid,
      publicKey,
      createdAt,
      jwk: { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid, x, y },
    } as const;
  });
}
