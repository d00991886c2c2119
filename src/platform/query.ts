import type { Knex } from 'knex';
import { z } from 'zod';
import { decodeId, encodeId, idColumns, idFromUuid, storageOfId, uuidFromId } from '../kernel/ids.ts';
import { noteQuery } from './query-count.ts';
import { arrayLiteral } from './array-literal.ts';
import type { ControlTx, RealmTx, TenantTx } from './tenant-tx.ts';

type Letter =
  | 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h' | 'i' | 'j' | 'k' | 'l' | 'm' | 'n' | 'o' | 'p' | 'q' | 'r' | 's'
  | 't' | 'u' | 'v' | 'w' | 'x' | 'y' | 'z' | '_' | '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'; // prettier-ignore
type WordAtStart<S extends string, Word extends string = ''> = S extends `${infer First}${infer Rest}`
  ? Lowercase<First> extends Letter
    ? WordAtStart<Rest, `${Word}${First}`>
    : Word
  : Word;
type Names<S extends string, Found extends string = never> = S extends `${string}:${infer Rest}`
  ? Rest extends `:${infer AfterCast}`
    ? Names<AfterCast, Found>
    : Names<Rest, Found | (WordAtStart<Rest> extends '' ? never : WordAtStart<Rest>)>
  : Found;

/** What a `:name` in a statement may be bound to. */
export type SqlValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Buffer
  | null
  | undefined
  | readonly SqlValue[]
  | { readonly [key: string]: unknown };

/** The parameters of a statement, read off its text by the compiler. */
export type SqlParams<Sql extends string> = { readonly [Name in Names<Sql>]: SqlValue };

export type Statement<Tx, Row, Sql extends string> = (tx: Tx, params: SqlParams<Sql>) => Promise<Row[]>;

/** Parameters that hold ids: `:id`, `:tenantId`, `:ids`. Any other text may come from outside and look like an id. */
const ID_NAME = /(?:^id|Id)s?$/;

/** An id leaves as a uuid or key, everything else as it is. */
function fromId(value: SqlValue): SqlValue {
  const storage = typeof value === 'string' ? storageOfId(value) : undefined;
  if (typeof value !== 'string' || storage === undefined) return value;
  return storage === 'key' ? decodeId(value) : uuidFromId(value);
}

function toColumn(name: string, value: SqlValue): unknown {
  const isId = ID_NAME.test(name);
  if (!Array.isArray(value)) return (isId ? fromId(value) : value) ?? null;
  const values: readonly SqlValue[] = isId ? value.map(fromId) : value;
  return arrayLiteral(values) ?? values;
}

type Convert = (value: unknown) => unknown;

/** How a column of this schema becomes an id; undefined where it is none. */
function idReader(schema: z.core.$ZodType): Convert | undefined {
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional) {
    const inner = idReader(schema.unwrap());
    return inner && ((value) => (value === null ? null : inner(value)));
  }
  if (schema instanceof z.ZodArray) {
    const inner = idReader(schema.element);
    return inner && ((value) => (Array.isArray(value) ? value.map(inner) : value));
  }
  const id = schema instanceof z.ZodString ? idColumns.get(schema) : undefined;
  if (id === undefined) return undefined;
  return id.storage === 'uuid'
    ? (value) => (typeof value === 'string' ? idFromUuid(id.prefix, value) : value)
    : (value) => (typeof value === 'bigint' ? encodeId(id.prefix, value) : value);
}

/** Turns `:name` into `$n` and gives the names in the order of their numbers. */
function positional(sql: string): { text: string; names: string[] } {
  const names: string[] = [];
  const text = sql.replace(/(?<!:):([a-zA-Z_][a-zA-Z0-9_]*)/g, (_match, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text, names };
}

function define<Tx extends { readonly sql: Knex.Transaction }, Row extends z.ZodObject>(
  name: string,
  row: Row,
  sql: string,
): (tx: Tx, params: Readonly<Record<string, SqlValue>>) => Promise<z.infer<Row>[]> {
  const { text, names } = positional(`/* ${name} */ ${sql.trim()}`);
  const readers = Object.entries(row.shape).flatMap(([column, schema]) => {
    const read = idReader(schema as z.core.$ZodType);
    return read === undefined ? [] : [[column, read] as const];
  });
  const rows = z.array(row);
  const escaped = text.replaceAll('?', '\\?'); // knex would read a bare ? as a binding of its own.
  return async (tx, params) => {
    noteQuery();
    const values = names.map((parameter) => toColumn(parameter, params[parameter]));
    const answer: unknown = await tx.sql.raw(escaped).options({ values });
    const found = answer as { rows: Record<string, unknown>[] };
    for (const [column, read] of readers) for (const each of found.rows) each[column] = read(each[column]);
    return rows.parse(found.rows);
  };
}

/**
 * A statement on a tenant's database: written as SQL with `:name` parameters, named (the name travels as a comment, so
 * that a slow statement leads to one line), its rows parsed. A misspelt parameter does not compile. Ids go in and come
 * out in their prefixed form: in where the parameter's name says that it is one (`:id`, `:planId`, `:ids`). A statement without a result takes `z.object({})`.
 */
export const query = <Row extends z.ZodObject, const Sql extends string>(
  name: string,
  row: Row,
  sql: Sql,
): Statement<TenantTx, z.infer<Row>, Sql> => define<TenantTx, Row>(name, row, sql);

/** The same on the control database. */
export const controlQuery = <Row extends z.ZodObject, const Sql extends string>(
  name: string,
  row: Row,
  sql: Sql,
): Statement<ControlTx, z.infer<Row>, Sql> => define<ControlTx, Row>(name, row, sql);

/** The same on either: for what tenants and the installation both have, such as people, sessions and events. */
export const realmQuery = <Row extends z.ZodObject, const Sql extends string>(
  name: string,
  row: Row,
  sql: Sql,
): Statement<RealmTx, z.infer<Row>, Sql> => define<RealmTx, Row>(name, row, sql);

/** The only row of a statement that gives exactly one; anything else is a defect. */
export function onlyRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined || rows.length !== 1) throw new Error(`expected one row, got ${rows.length}`);
  return row;
}

/** The end of a validity: a date, or null where it is open (the database's `infinity`). */
export const validUntil = z.union([z.date(), z.literal(Infinity).transform(() => null)]);
