import { z } from 'zod';
import { platformProblem } from './errors.ts';
import { realmQuery, type SqlParams, type SqlValue } from './query.ts';
import type { RealmTx } from './tenant-tx.ts';

/** A page of a list, as a caller asks for it. */
export type PageAsked<Sort extends string = string> = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  /** A listed name; with a minus, the largest first. */
  readonly sort: Sort | `-${Sort}`;
};

/** A page and where the next one begins; null after the last. */
export type Page<Row> = { readonly rows: Row[]; readonly nextCursor: string | null };

/** A column to sort by: a name of the statement's answer, never null, and its type in SQL. Instants hold whole milliseconds. */
export type SortColumn = {
  readonly column: string;
  readonly type: 'text' | 'timestamptz' | 'bigint' | 'integer' | 'date';
};

const Cursor = z.tuple([z.string(), z.string(), z.string()]);

/** What is answered to a cursor that no page gave. */
export const cursorProblem = () => platformProblem('platform.cursor_invalid');

/** Where a page ended, as the next one is asked for: the order, the value that it sorts by, and what makes the order total. */
export const cursorAt = (sort: string, after: string, afterId: string): string =>
  Buffer.from(JSON.stringify([sort, after, afterId])).toString('base64url');

/** Reads a cursor of `cursorAt` for the same order; `platform.cursor_invalid` for anything else. Its parts are still to be checked. */
export function pointOfCursor(cursor: string, sort: string): { readonly after: string; readonly afterId: string } {
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw cursorProblem();
  }
  const read = Cursor.safeParse(given);
  if (!read.success || read.data[0] !== sort) throw cursorProblem();
  return { after: read.data[1], afterId: read.data[2] };
}

/** The key in a cursor of a list that is in the order of its keys and has nothing else to sort by (`cursorAt(sort, key, '')`). */
export function keyOfCursor(cursor: string, sort: string): bigint {
  const { after, afterId } = pointOfCursor(cursor, sort);
  if (!/^\d{1,18}$/.test(after) || afterId !== '') throw cursorProblem();
  return BigInt(after);
}

const isOfType: Readonly<Record<SortColumn['type'], (text: string) => boolean>> = {
  text: (text) => !text.includes('\0'),
  // ISO 8601 has a year 0, the database has none.
  timestamptz: (text) => z.iso.datetime().safeParse(text).success && !text.startsWith('0000'),
  date: (text) => z.iso.date().safeParse(text).success && !text.startsWith('0000'),
  bigint: (text) => /^-?\d{1,18}$/.test(text),
  integer: (text) => /^-?\d{1,9}$/.test(text),
};

const textOf = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value));

/** How a list is paged: what it may be sorted by, and the id (`uuid`) or key (`bigint`) that makes the order total. */
type PageKeys<Sort extends string> = {
  readonly sorts: Readonly<Record<Sort, SortColumn>>;
  readonly unique: { readonly column: string; readonly schema: z.ZodType; readonly type: 'uuid' | 'bigint' | 'text' };
};

/**
 * A named statement that gives one page of a list, by the value and the id of the last row seen (keyset), never by a
 * count of rows: what is inserted meanwhile neither hides nor doubles a row. `sql` is a select without order and limit;
 * the names to sort by are those listed here, so nothing from outside becomes part of a statement.
 * `platform.cursor_invalid` for a cursor that no page of this list and order gave.
 */
export function pagedQuery<Row extends z.ZodObject, const Sql extends string, Sort extends string>(
  name: string,
  row: Row,
  sql: Sql,
  { sorts, unique }: PageKeys<Sort>,
): (tx: RealmTx, params: SqlParams<Sql>, page: PageAsked<NoInfer<Sort>>) => Promise<Page<z.infer<Row>>> {
  type Run = (tx: RealmTx, params: Readonly<Record<string, SqlValue>>) => Promise<z.infer<Row>[]>;
  const variants = new Map<string, { readonly column: SortColumn; readonly first: Run; readonly next: Run }>();
  for (const [sort, column] of Object.entries<SortColumn>(sorts))
    for (const sign of ['', '-'] as const) {
      const [compare, direction] = sign === '' ? ['>', 'asc'] : ['<', 'desc'];
      const order = `order by page."${column.column}" ${direction}, page."${unique.column}" ${direction} limit :pageLimit`;
      const after = `where (page."${column.column}", page."${unique.column}") ${compare} (:pageAfter::${column.type}, :pageAfterId::${unique.type})`;
      const collated = `select * from (${sql}) page`;
      variants.set(`${sign}${sort}`, {
        column,
        first: realmQuery(`${name}_by_${sort}_${direction}`, row, `${collated} ${order}`),
        next: realmQuery(`${name}_by_${sort}_${direction}`, row, `${collated} ${after} ${order}`),
      });
    }
  return async (tx, params, page) => {
    const variant = variants.get(page.sort);
    if (variant === undefined) throw new RangeError(`${name} is not sorted by ${page.sort}`);
    const bound = { ...params, pageLimit: page.limit + 1 };
    const rows =
      page.cursor === undefined
        ? await variant.first(tx, bound)
        : await variant.next(tx, { ...bound, ...pointAfter(page.cursor, page.sort, variant.column, unique) });
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1) as Record<string, unknown> | undefined;
    if (rows.length <= page.limit || last === undefined) return { rows: shown, nextCursor: null };
    const point = [textOf(last[variant.column.column]), textOf(last[unique.column])] as const;
    return { rows: shown, nextCursor: cursorAt(page.sort, ...point) };
  };
}

function pointAfter(cursor: string, sort: string, column: SortColumn, unique: PageKeys<string>['unique']) {
  const { after, afterId } = pointOfCursor(cursor, sort);
  if (!isOfType[column.type](after) || !isUnique(unique, afterId)) throw cursorProblem();
  return { pageAfter: after, pageAfterId: afterId };
}

const isUnique = ({ type, schema }: PageKeys<string>['unique'], text: string): boolean =>
  type === 'bigint' && schema instanceof z.ZodBigInt ? isOfType.bigint(text) : schema.safeParse(text).success;
