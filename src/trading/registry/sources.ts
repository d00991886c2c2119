import { randomBytes } from 'node:crypto';
import type { Clock } from '../../kernel/clock.ts';
import { SourceId, idFromUuid, newUuid } from '../../kernel/ids.ts';
import type { Sealer } from '../../platform/crypto.ts';
import { emit } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { registryProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { CreatedSource, NewSource } from './types.ts';

/** What sources need: the sealer of their secrets (purpose `trading.sources`) and a clock. */
export type SourceKeeping = { readonly sealer: Sealer; readonly clock: Clock };

const SECRET_BYTES = 32;
const SECRET_LENGTH_MIN = 32;

/** Where a sealed secret belongs: one copied into another tenant's or source's row does not open. */
const contextOf = (tx: TenantTx, id: SourceId): string => `${tx.tenantId}/${id}`;

function checkedSecret(given: string | undefined): string {
  const secret = given ?? randomBytes(SECRET_BYTES).toString('base64url');
  if (secret.length < SECRET_LENGTH_MIN) throw registryProblem('trading.secret_weak');
  return secret;
}

/** Registers a source of a server's deals; the answer is the only place where its secret is told. */
export async function createSource(tx: TenantTx, keeping: SourceKeeping, source: NewSource): Promise<CreatedSource> {
  const [server] = await queries.lockServerNamed(tx, { name: source.server });
  if (server === undefined) throw registryProblem('trading.server_unknown', { detail: source.server });
  const id = source.id ?? SourceId.parse(idFromUuid('src', newUuid(keeping.clock.now().getTime())));
  const secret = checkedSecret(source.secret);
  const sealed = keeping.sealer.seal(secret, contextOf(tx, id));
  const made = await queries.insertSource(tx, { id, serverKey: server.key, name: source.name, secret: sealed });
  if (made.length === 0)
    throw registryProblem('trading.source_exists', { detail: `${source.name} of ${source.server}` });
  const fields = { server: source.server, name: source.name };
  const payload = { ...fields, before: null, after: fields };
  emit(tx, { stream: `source/${id}`, type: 'trading.source_created', schemaVersion: 1, payload });
  return { id, secret };
}

/** Gives a source a new secret, told this once; the old one is accepted for `previousValidMs` more, one older no longer. */
export async function rotateSecret(
  tx: TenantTx,
  keeping: SourceKeeping,
  rotation: { readonly sourceId: SourceId; readonly previousValidMs: number; readonly secret?: string },
): Promise<CreatedSource> {
  const id = rotation.sourceId;
  const secret = checkedSecret(rotation.secret);
  const [changed] = await queries.rotateSecret(tx, {
    id,
    secret: keeping.sealer.seal(secret, contextOf(tx, id)),
    previousValidMs: rotation.previousValidMs,
  });
  if (changed === undefined) throw registryProblem('trading.source_unknown', { detail: id });
  const previousUntil = changed.previousUntil.toISOString();
  const before = { previousUntil: changed.before?.toISOString() ?? null };
  const payload = { previousUntil, before, after: { previousUntil } };
  emit(tx, { stream: `source/${id}`, type: 'trading.secret_rotated', schemaVersion: 1, payload });
  return { id, secret };
}

/** The secrets of a source that are live now: none for a source that is not known. */
export async function liveSecrets(
  tx: TenantTx,
  { sealer }: Pick<SourceKeeping, 'sealer'>,
  id: SourceId,
): Promise<string[]> {
  const [row] = await queries.sourceSecrets(tx, { id });
  if (row === undefined) return [];
  const secrets = [sealer.open(row.secret, contextOf(tx, id))];
  if (row.previous !== null) secrets.push(sealer.open(row.previous, contextOf(tx, id)));
  return secrets;
}

/** All sources, with the server each belongs to. */
export const allSources = (tx: TenantTx): Promise<{ id: SourceId; name: string; server: string }[]> =>
  queries.allSources(tx, {});
