import { cursorAt, cursorProblem, pointOfCursor } from '../../platform/paging.ts';

/** Where a page of entries ended: the key of an entry but for its beneficiary. */
export type EntryPoint = {
  readonly source: 'trade' | 'award';
  readonly sourceKey: bigint;
  readonly revision: number;
  readonly component: number;
};

/** The cursor behind an entry, for the order given. */
export const entryCursor = (sort: string, { source, sourceKey, revision, component }: EntryPoint): string =>
  cursorAt(sort, source, [sourceKey, revision, component].join('.'));

/** Reads a cursor of `entryCursor`; `platform.cursor_invalid`. */
export function entryPoint(sort: string, cursor: string): EntryPoint {
  const { after: source, afterId } = pointOfCursor(cursor, sort);
  const [, key, revision, component] = /^(\d{1,18})\.(\d{1,4})\.(\d{1,4})$/.exec(afterId) ?? [];
  if (key === undefined || (source !== 'trade' && source !== 'award')) throw cursorProblem();
  return { source, sourceKey: BigInt(key), revision: Number(revision), component: Number(component) };
}
