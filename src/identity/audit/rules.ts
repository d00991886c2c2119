import type { Actor } from './types.ts';

const kindOfId = (id: string): Actor['kind'] => {
  if (id.startsWith('usr_')) return 'user';
  return id.startsWith('key_') ? 'api_key' : 'system';
};

/** Reads who acted: `usr_…`, `key_…`, `usr_… as usr_…`, `platform usr_…`, or a part of the program. */
export function actorIn(text: string): Actor {
  const [, operator] = /^platform (\S+)$/.exec(text) ?? [];
  if (operator !== undefined) return { kind: 'platform', id: operator, as: null };
  const [, id, as] = /^(\S+) as (\S+)$/.exec(text) ?? [];
  if (id !== undefined && as !== undefined) return { kind: kindOfId(id), id, as };
  return { kind: kindOfId(text), id: text, as: null };
}

type Payload = { readonly [member: string]: unknown };

/** What an event says, taken apart: how it was, how it is, and the rest. */
export function partsOf({ before = null, after = null, ...details }: Payload): {
  readonly before: unknown;
  readonly after: unknown;
  readonly details: Payload;
} {
  return { before, after, details };
}
