import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { finished } from 'node:stream/promises';
import canonicalize from 'canonicalize';
import type { Knex } from 'knex';
import { asAdmin, atPlaceOf } from '../admin.ts';
import { tenancyProblem } from '../errors.ts';
import type { Provisioning } from '../provision.ts';
import type { Tenant } from '../types.ts';
import { type CopyConnection, copyOut } from './copy-out.ts';
import { MANIFEST, fileOf, isExported, leftOut } from './rules.ts';
import type { ExportedTable, Manifest, ManifestBody } from './types.ts';

/** One table of a very large tenant. */
const STATEMENT_MS_MAX = 2 * 3_600_000;

/** How an export is made; `onProgress` hears of each table that is done. */
export type ExportOptions = {
  readonly onProgress?: (done: number, total: number, table: string) => void;
  /** Ends it between two tables. */
  readonly signal?: AbortSignal;
};

type TableFound = {
  readonly table: string;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly key: readonly string[];
};

/**
 * Writes all that a tenant has into a folder: a CSV file per table (RFC 4180, UTF-8, a line of names; NULL is empty, an
 * empty text is `""`), and a manifest with the size and SHA-256 of each. All of it is as of one moment (a repeatable-read
 * transaction), so it may run while trades are booked. Secrets are left out (rules.ts), whoever asks. The folder must be
 * absent or empty (`tenancy.export_folder_taken`), and appears whole or not at all.
 */
export async function exportTenant(
  deps: Provisioning,
  tenant: Tenant,
  folder: string,
  options: ExportOptions = {},
): Promise<Manifest> {
  await refuseTaken(folder);
  const unfinished = `${path.resolve(folder)}.unfinished`;
  await rm(unfinished, { recursive: true, force: true }); // What a process that was killed has left.
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const failed: { first?: unknown } = {}; // Whatever fails later, such as the end of a transaction that was cut off, is no news.
  try {
    const body = await asAdmin(
      atPlaceOf(deps, tenant),
      tenant.database,
      (pool) =>
        pool.transaction((sql) =>
          copyAll(sql, tenant, unfinished, options).catch((error: unknown) => {
            failed.first = error;
            throw error;
          }),
        ),
      { role: tenant.ownerRole, statementTimeoutMs: STATEMENT_MS_MAX },
    );
    const manifest: Manifest = { ...body, sha256: hashOfBody(body) };
    await writeFile(path.join(unfinished, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    await rm(folder, { recursive: true, force: true }); // It is empty.
    await rename(unfinished, folder);
    return manifest;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw failed.first ?? error;
  }
}

/** SHA-256 over the RFC 8785 form of a manifest without its own hash, in hexadecimal digits. */
export const hashOfBody = (body: ManifestBody): string =>
  createHash('sha256')
    .update(canonicalize(body) ?? '')
    .digest('hex');

async function refuseTaken(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw tenancyProblem('tenancy.export_folder_taken', { detail: folder, cause: error });
  });
  if (found.length > 0) throw tenancyProblem('tenancy.export_folder_taken', { detail: folder });
}

async function copyAll(
  sql: Knex.Transaction,
  tenant: Tenant,
  folder: string,
  { onProgress, signal }: ExportOptions,
): Promise<ManifestBody> {
  await sql.raw('set transaction isolation level repeatable read, read only');
  await sql.raw(`set local datestyle = 'ISO'; set local intervalstyle = 'iso_8601'; set local bytea_output = 'hex'`);
  const at = await momentOf(sql);
  const found = await tablesOf(sql);
  const chosen = found.filter(({ table }) => !leftOut.has(table));
  const connection = (await (sql.client as Knex.Client).acquireConnection()) as CopyConnection;
  const tables: ExportedTable[] = [];
  for (const each of chosen) {
    signal?.throwIfAborted();
    tables.push(await copyTable(connection, each, folder));
    onProgress?.(tables.length, chosen.length, each.table);
  }
  const { id, slug, name } = tenant;
  return {
    format: 'cascade-export/1',
    tenant: { id, slug, name },
    ...at,
    tables,
    tablesLeftOut: found.filter(({ table }) => leftOut.has(table)).map(({ table }) => table),
  };
}

async function copyTable(connection: CopyConnection, found: TableFound, folder: string): Promise<ExportedTable> {
  const { table, schema, name, columns, key } = found;
  const exported = columns.filter((column) => isExported(table, column));
  const file = fileOf(table);
  const order = key.length === 0 ? '' : ` order by ${key.map(quoted).join(', ')}`;
  const select = `select ${exported.map((column) => quoted(column.name)).join(', ')} from ${quoted(schema)}.${quoted(name)}${order}`;
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  const target = createWriteStream(path.join(folder, file), { mode: 0o600, flags: 'wx' });
  target.on('error', (error) => measured.destroy(error));
  measured.on('error', () => undefined); // `copyOut` hears of it while it copies, `finished` afterwards.
  measured.pipe(target);
  const rows = await copyOut(
    connection,
    `copy (${select}) to stdout with (format csv, header, encoding 'UTF8')`,
    measured,
  );
  measured.end();
  await finished(target);
  const without = columns.filter((column) => !exported.includes(column)).map((column) => column.name);
  return { table, file, columns: exported, leftOut: without, rows, bytes, sha256: hash.digest('hex') };
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function momentOf(sql: Knex.Transaction): Promise<Pick<ManifestBody, 'takenAt' | 'schemaVersion' | 'eventHead'>> {
  const answer: { rows: { at: Date; version: string; seq: bigint; hash: Buffer }[] } = await sql.raw(`
    select now() as at, (select max(name) from public.schema_migrations) as version, h.seq, h.hash
      from platform.event_head h`);
  const [row] = answer.rows;
  if (row === undefined) throw new Error('platform.event_head has no row');
  return {
    takenAt: row.at.toISOString(),
    schemaVersion: row.version,
    eventHead: { seq: row.seq.toString(), hash: row.hash.toString('hex') },
  };
}

/** All tables of a tenant's database in the order of their names; parts of a partitioned one count with the whole. */
export async function tablesOf(sql: Knex.Transaction): Promise<TableFound[]> {
  const answer: { rows: TableFound[] } = await sql.raw(`
    select n.nspname || '.' || c.relname as "table", n.nspname as schema, c.relname as name,
           (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
              from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
           coalesce((select json_agg(a.attname order by array_position(i.indkey::smallint[], a.attnum))
              from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
             where i.indrelid = c.oid and i.indisprimary), '[]'::json) as key
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition
       and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
     order by 1`);
  return answer.rows;
}
