import type { ClientId, IbId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';

/** Something that an event is about, as far as rights ask: whose it is. */
export type Subject = {
  readonly id: string;
  /** `other` is reached by those only who reach everything. */
  readonly kind: 'client' | 'ib' | 'other';
  readonly clientId: ClientId | null;
  readonly ibId: IbId | null;
  readonly userId: string | null;
  readonly deskId: string | null;
  /** The IBs in whose subtree it is. */
  readonly subtrees: readonly IbId[];
};

/** What an event is seen by: who may list this kind of object, reached through subjects of these kinds. */
export type Sight = { readonly resource: string; readonly through: readonly Subject['kind'][] };

/** What a caller reaches of each kind of object that it may list. */
export type Lens = ReadonlyMap<string, Reach>;

/** What is told of an event: no more than where to look. */
export type EventNote = {
  readonly seq: string;
  readonly type: string;
  /** Ids of what it is about, of those that the caller reaches. */
  readonly subjectIds: readonly string[];
  readonly recordedAt: string;
};
