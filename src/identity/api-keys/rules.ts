import type { PolicyRow } from '../policy/types.ts';
import { exceeding, grantsOf } from '../roles/rules.ts';

/** Scopes that no key can have: what the table does not give to programs. */
export function scopesUnknown(scopes: readonly string[], table: readonly PolicyRow[]): string[] {
  const known = grantsOf(table.filter(({ role }) => role === 'api_key'));
  return scopes.filter((scope) => !known.has(scope));
}

/** Scopes by which a key would reach or see more than its maker does himself. */
export function scopesExceeding(
  scopes: readonly string[],
  makerRows: readonly PolicyRow[],
  table: readonly PolicyRow[],
): string[] {
  const all = grantsOf(table.filter(({ role }) => role === 'api_key'));
  const asked = new Map([...all].filter(([right]) => scopes.includes(right)));
  return exceeding(grantsOf(makerRows), new Map(), asked);
}

const KEY = /^csk_([0-7][0-9A-HJKMNP-TV-Z]{25})_([\w-]{43})$/;

/** The parts of a key as it is sent, `csk_<id>_<secret>`; undefined where it is none. */
export function readKey(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, digits, secret] = KEY.exec(text) ?? [];
  return digits === undefined || secret === undefined ? undefined : { id: `key_${digits}`, secret };
}
