import { appendFile, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emit } from '../../src/platform/events/index.ts';
import { asAdmin } from '../../src/tenancy/admin.ts';
import { type CopyConnection, copyOut } from '../../src/tenancy/export/copy-out.ts';
import { harmless, isExported, leftOut, looksSecret } from '../../src/tenancy/export/rules.ts';
import { tablesOf } from '../../src/tenancy/export/service.ts';
import { exportTenant, type Manifest, verifyExport } from '../../src/tenancy/index.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const AWKWARD = 'a "quoted" text,\nof two lines; and Ümläute, \u{1F600}';

describe('An export of a tenant', () => {
  let acme: TestTenant;
  let place: string;
  let folder: string;
  let manifest: Manifest;
  const fresh = async (): Promise<string> => path.join(await mkdtemp(path.join(place, 'export-')), 'files');
  const asOwner = (sql: string, values: readonly string[] = []): Promise<unknown> =>
    asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) => pool.raw(sql, values), {
      role: acme.tenant.ownerRole,
    });

  beforeAll(async () => {
    place = await mkdtemp(path.join(tmpdir(), 'cascade-export-'));
    acme = await openTestTenant();
    await acme.inTenant(async (tx) => {
      for (let number = 1; number <= 3; number += 1)
        emit(tx, { stream: 'test/1', type: 'test.said', schemaVersion: 1, payload: { number, words: AWKWARD } });
    });
    await asOwner(
      `create table platform.notes (id bigint primary key, words text, nothing text, api_token text, seal bytea)`,
    );
    await asOwner(
      `insert into platform.notes values (2, ?, null, 'hush-hush', 'hush-hush'), (1, '', 'x', 'hush-hush', null)`,
      [AWKWARD],
    );
    folder = await fresh();
    manifest = await exportTenant(acme.tenancy.provisioning, acme.tenant, folder);
  });
  afterAll(async () => {
    await acme.close();
    await rm(place, { recursive: true });
  });

  it('has a file for each table, all as of one moment, and a manifest of their sizes and hashes that verifies', async () => {
    const files = manifest.tables.map(({ file }) => file);
    expect(files).toEqual(
      expect.arrayContaining(['platform.events.csv', 'ledger.accounts.csv', 'clients.clients.csv']),
    );
    expect((await readdir(folder)).toSorted()).toEqual([...files, 'manifest.json'].toSorted());
    expect(manifest).toMatchObject({
      format: 'cascade-export/1',
      tenant: { id: acme.tenant.id, slug: 'acme', name: 'Acme Markets' },
      eventHead: { seq: '3' },
      schemaVersion: expect.stringMatching(/^\d{12}_/) as string,
    });
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    expect(await verifyExport(folder)).toEqual({
      ok: true,
      sha256: manifest.sha256,
      tables: files.length,
      rows,
      findings: [],
    });
  });

  it('says what is NULL and what is an empty text, in the order of the key, whatever is in a text', async () => {
    const { rows, columns } = manifest.tables.find(({ table }) => table === 'platform.notes') ?? {};
    expect({ rows, columns }).toEqual({
      rows: 2,
      columns: [
        { name: 'id', type: 'bigint' },
        { name: 'words', type: 'text' },
        { name: 'nothing', type: 'text' },
      ],
    });
    const awkward = AWKWARD.replaceAll('"', '""');
    expect(await readFile(path.join(folder, 'platform.notes.csv'), 'utf8')).toBe(
      `id,words,nothing\n1,"",x\n2,"${awkward}",\n`,
    );
  });

  it('leaves out what looks like a secret until somebody says that it is none', async () => {
    const notes = manifest.tables.find(({ table }) => table === 'platform.notes');
    expect(notes?.leftOut).toEqual(['api_token', 'seal']);
    for (const file of await readdir(folder))
      expect(await readFile(path.join(folder, file), 'utf8')).not.toMatch(/hush-hush|687573682d68757368/);
  });

  it('goes into no folder in which something is, and leaves nothing behind when it fails', async () => {
    await expect(exportTenant(acme.tenancy.provisioning, acme.tenant, folder)).rejects.toMatchObject({
      code: 'tenancy.export_folder_taken',
    });
    const other = await fresh();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(exportTenant(acme.tenancy.provisioning, acme.tenant, other, { signal })).rejects.toThrow('enough');
    expect(await readdir(path.dirname(other))).toEqual([]);
  });

  it('sees one moment, though rows are added and removed while it is written', async () => {
    const other = await fresh();
    let events = 0;
    const seen = await exportTenant(acme.tenancy.provisioning, acme.tenant, other, {
      onProgress: (done) => {
        if (done !== 1) return;
        events += 1;
        void asOwner('delete from platform.notes where id = 1');
      },
    });
    await expect.poll(() => asOwner('select from platform.notes where id = 1')).toMatchObject({ rowCount: 0 });
    expect(events).toBe(1);
    expect(seen.tables.find(({ table }) => table === 'platform.notes')?.rows).toBe(2);
  });

  it('reads no faster than is written, so that memory is bounded whatever the size of a table', async () => {
    let longest = 0;
    let bytes = 0;
    const slow = new Writable({
      highWaterMark: 65_536,
      write: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        longest = Math.max(longest, slow.writableLength);
        setImmediate(done);
      },
    });
    const rows = await asAdmin(acme.tenancy.provisioning, acme.tenant.database, (pool) =>
      pool.transaction(async (sql) => {
        const connection = (await (sql.client as Knex.Client).acquireConnection()) as CopyConnection;
        const many = `select n, repeat(md5(n::text), 40) from generate_series(1, 20000) n`;
        return copyOut(connection, `copy (${many}) to stdout`, slow);
      }),
    );
    expect(rows).toBe(20_000);
    expect(longest).toBeLessThan(1_000_000);
    await new Promise<void>((resolve) => slow.end(resolve));
    expect(bytes).toBeGreaterThan(25_000_000);
  });

  it('fails where the disk does, and says so', async () => {
    const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left')) });
    const copying = asAdmin(acme.tenancy.provisioning, acme.tenant.database, async (pool) => {
      const connection = (await (pool.client as Knex.Client).acquireConnection()) as CopyConnection;
      return copyOut(
        connection,
        `copy (select repeat('x', 100000) from generate_series(1, 100)) to stdout`,
        full,
      ).finally(() => {
        void (pool.client as Knex.Client).releaseConnection(connection);
      });
    });
    await expect(copying).rejects.toThrow('no space left');
  });

  it.each([
    ['a changed byte', (at: string) => appendFile(path.join(at, 'platform.events.csv'), ' '), 'export.file_changed'],
    ['a row that was added', (at: string) => appendFile(path.join(at, 'platform.events.csv'), '4,,\n'), 'export.rows'],
    ['a file that is gone', (at: string) => rm(path.join(at, 'ib.closure.csv')), 'export.file_missing'],
    ['a file that was added', (at: string) => writeFile(path.join(at, 'more.csv'), ''), 'export.file_unknown'],
    [
      'a changed manifest',
      async (at: string) => {
        const text = await readFile(path.join(at, 'manifest.json'), 'utf8');
        await writeFile(path.join(at, 'manifest.json'), text.replace('Acme Markets', 'Someone'));
      },
      'export.manifest',
    ],
    ['no manifest', (at: string) => rename(path.join(at, 'manifest.json'), path.join(at, 'm.json')), 'export.manifest'],
  ])('with %s does not verify', async (_what, change, rule) => {
    const other = await fresh();
    await exportTenant(acme.tenancy.provisioning, acme.tenant, other);
    await change(other);
    const { ok, findings } = await verifyExport(other);
    expect(ok).toBe(false);
    expect(findings.map((finding) => finding.rule)).toContain(rule);
  });
});

describe('What an export leaves out', () => {
  it('is listed: every column that looks like a secret is named as left out or as harmless, and nothing that is not there', async () => {
    const { tenancy, tenant, close } = await openTestTenant();
    const tables = await asAdmin(tenancy.provisioning, tenant.database, (pool) => pool.transaction(tablesOf));
    await close();
    const columns = tables.flatMap(({ table, columns: all }) =>
      all.map((column) => ({ table, name: `${table}.${column.name}`, column })),
    );
    const unnamed = columns
      .filter(({ table, column }) => looksSecret(column) && !leftOut.has(table))
      .filter(({ name }) => !leftOut.has(name) && !harmless.has(name))
      .map(({ name }) => name);
    expect(unnamed).toEqual([]);
    const there = new Set(columns.flatMap(({ table, name }) => [table, name]));
    expect([...leftOut, ...harmless].filter((name) => !there.has(name))).toEqual([]);
    expect([...leftOut].filter((name) => harmless.has(name))).toEqual([]);
    expect(columns.filter(({ table, column }) => isExported(table, column)).length).toBeGreaterThan(200);
  });
});
