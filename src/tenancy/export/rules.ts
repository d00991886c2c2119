/**
 * What an export leaves out: what lets somebody in, or would if it were guessed at leisure. A whole table, or one column.
 * test/tenancy/export.spec.ts compares this with the schema: a new column that looks like a secret must be named here or
 * among the harmless ones, and until then it is left out.
 */
export const leftOut: ReadonlySet<string> = new Set([
  'identity.api_keys.hash',
  'identity.devices.fingerprint',
  'identity.invitations.token_hash',
  'identity.one_time_tokens',
  'identity.passkey_challenges',
  'identity.passwords',
  'identity.recovery_codes',
  'identity.refresh_tokens',
  'identity.sign_in_failures',
  'identity.totp_factors',
  'notifications.messages.content',
  'payouts.signing_keys.private_key',
  'platform.idempotency', // Stored answers: one of them may have shown a new key.
  'trading.sources.secret',
  'trading.sources.secret_previous',
]);

/** Columns that look like secrets by name or type and are none. */
export const harmless: ReadonlySet<string> = new Set([
  'identity.approvals.hash',
  'identity.passkeys.credential_id', // What a browser tells any site that asks.
  'identity.passkeys.public_key',
  'payouts.cycles.signature', // Which periods they are.
  'payouts.schedules.signature',
  'payouts.statements.hash',
  'payouts.statements.previous_hash',
  'payouts.statements.signature', // Of a document that the beneficiary has.
  'platform.events.hash',
  'platform.events.previous_hash',
  'platform.event_head.hash',
  'platform.installation_head.hash',
  'trading.deals.content_hash',
  'trading.feed_batches.body_hash',
  'trading.feed_batches.nonce', // Used up when the batch came.
  'trading.rejected_lines.raw', // What the server sent, and the tenant's own.
]);

/** Words in a column's name that make it look like a secret. */
const SUSPICIOUS =
  /(^|_)(secret|secrets|password|passwords|passphrase|hash|hashes|token|tokens|sealed|key_material|private|verifier|salt|otp|totp|recovery|challenge|credential|credentials|nonce|cookie|signature|content|pepper|pin|code_hash)($|_)/;

/** Whether a column looks like a secret: by its name, or because it holds bytes. */
export const looksSecret = (column: { readonly name: string; readonly type: string }): boolean =>
  column.type === 'bytea' || SUSPICIOUS.test(column.name);

/** Whether a column goes into an export. */
export function isExported(table: string, column: { readonly name: string; readonly type: string }): boolean {
  const name = `${table}.${column.name}`;
  if (leftOut.has(table) || leftOut.has(name)) return false;
  return harmless.has(name) || !looksSecret(column);
}

/** The name of a table's file. */
export const fileOf = (table: string): string => `${table}.csv`;

/** The name of the manifest among an export's files. */
export const MANIFEST = 'manifest.json';
