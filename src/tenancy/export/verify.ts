import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { TenantId } from '../../kernel/ids.ts';
import type { Finding } from '../../platform/events/index.ts';
import { MANIFEST } from './rules.ts';
import { hashOfBody } from './service.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const ManifestForm = z.strictObject({
  format: z.literal('cascade-export/1'),
  tenant: z.strictObject({ id: TenantId, slug: z.string(), name: z.string() }),
  takenAt: z.iso.datetime(),
  schemaVersion: z.string(),
  eventHead: z.strictObject({ seq: z.string(), hash }),
  tables: z.array(
    z.strictObject({
      table: z.string(),
      file: z.string().regex(/^[a-z0-9_]+\.[a-z0-9_]+\.csv$/),
      columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
      leftOut: z.array(z.string()),
      rows: z.int().nonnegative(),
      bytes: z.int().nonnegative(),
      sha256: hash,
    }),
  ),
  tablesLeftOut: z.array(z.string()),
  sha256: hash,
});

/** What checking an export came to. `sha256` is that of the manifest: who has it from elsewhere knows that nothing was exchanged. */
export type ExportVerification = {
  readonly ok: boolean;
  readonly sha256: string | null;
  readonly tables: number;
  readonly rows: number;
  readonly findings: readonly Finding[];
};

/** Recomputes an export's manifest from its files: size, hash and rows of each, none missing, none too many. */
export async function verifyExport(folder: string): Promise<ExportVerification> {
  const read = await readManifest(folder);
  if ('finding' in read) return { ok: false, sha256: null, tables: 0, rows: 0, findings: [read.finding] };
  const { sha256, ...body } = read.manifest;
  const findings: Finding[] = [];
  const found = (rule: string, subject: string, detail: string): void => void findings.push({ rule, subject, detail });
  const computed = hashOfBody(body);
  if (computed !== sha256) found('export.manifest', MANIFEST, `Its content gives ${computed}, it says ${sha256}`);
  const present = new Set(await readdir(folder));
  for (const { file, rows, bytes, sha256: said } of body.tables) {
    if (!present.delete(file)) {
      found('export.file_missing', file, 'The manifest names it');
      continue;
    }
    const is = await measure(path.join(folder, file));
    if (is.sha256 !== said || is.bytes !== bytes)
      found('export.file_changed', file, `It holds ${is.bytes} bytes, ${is.sha256}; written were ${bytes}, ${said}`);
    if (is.rows !== rows) found('export.rows', file, `It holds ${is.rows} rows, written were ${rows}`);
  }
  present.delete(MANIFEST);
  for (const file of present) found('export.file_unknown', file, 'The manifest does not name it');
  const rows = body.tables.reduce((sum, table) => sum + table.rows, 0);
  return { ok: findings.length === 0, sha256, tables: body.tables.length, rows, findings };
}

async function readManifest(
  folder: string,
): Promise<{ readonly manifest: z.infer<typeof ManifestForm> } | { readonly finding: Finding }> {
  const finding = (detail: string) => ({ finding: { rule: 'export.manifest', subject: MANIFEST, detail } });
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path.join(folder, MANIFEST), 'utf8'));
  } catch (error) {
    return finding(`It cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = ManifestForm.safeParse(value);
  return parsed.success ? { manifest: parsed.data } : finding(z.prettifyError(parsed.error));
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** Size, hash and rows of a CSV file, read as it comes. A line feed inside quotes ends no row; the first row are the names. */
async function measure(file: string): Promise<{ bytes: number; sha256: string; rows: number }> {
  const sum = createHash('sha256');
  let bytes = 0;
  let lines = 0;
  let isQuoted = false; // A doubled quote inside quotes leaves and enters again: the same in the end.
  for await (const part of createReadStream(file)) {
    const chunk = part as Buffer;
    sum.update(chunk);
    bytes += chunk.length;
    for (const byte of chunk) {
      if (byte === QUOTE) isQuoted = !isQuoted;
      else if (byte === LINE_FEED && !isQuoted) lines += 1;
    }
  }
  return { bytes, sha256: sum.digest('hex'), rows: Math.max(0, lines - 1) };
}
