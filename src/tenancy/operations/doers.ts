import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { completeTenant, tenantNow } from '../creation.ts';
import { MANIFEST } from '../export/rules.ts';
import { exportTenant } from '../export/service.ts';
import type { Tenancy } from '../service.ts';
import { placed, type Tenant } from '../types.ts';
import * as queries from './queries.ts';
import type { Doer, Running } from './runner.ts';
import type { OperationKind } from './types.ts';

/** Files of an export are kept for so many days. */
const KEPT_DAYS = 7;
const REMOVED_MAX = 20;

/** What doing operations needs: a tenancy with the administrator's rights, and where files of exports go. */
export type DoerDeps = { readonly tenancy: Tenancy; readonly exportsFolder: string };

/** What each kind of operation does. Doing one again after it was interrupted comes to the same. */
export function makeDoers({ tenancy, exportsFolder }: DoerDeps): Readonly<Record<OperationKind, Doer>> {
  const tenantOf = async ({ operation }: Running): Promise<Tenant> =>
    placed(await tenancy.withControl((tx) => tenantNow(tx, operation.tenantId)), tenancy.creation.admin);
  return {
    create: async ({ operation, origin }) => {
      const row = await tenancy.withControl((tx) => tenantNow(tx, operation.tenantId));
      const tenant = await completeTenant(tenancy.creation, tenancy.provisioning, row, origin);
      await tenancy.migrateOne(tenant);
      tenancy.forget();
      return { result: {}, act: null }; // Its first event says that it was made.
    },
    migrate: async (running) => {
      const applied = await tenancy.migrateOne(await tenantOf(running));
      return { result: { applied }, act: { type: 'tenancy.tenant_migrated', payload: { applied } } };
    },
    export: async (running) => {
      const tenant = await tenantOf(running);
      const folder = path.join(exportsFolder, tenant.slug, running.operation.id);
      await rm(folder, { recursive: true, force: true }); // A worker that died between the last file and its word of it.
      const manifest = await exportTenant(tenancy.provisioning, tenant, folder, {
        onProgress: running.progress,
        signal: running.signal,
      });
      const said = await readFile(path.join(folder, MANIFEST));
      const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
      const files = [
        { name: MANIFEST, bytes: said.length, sha256: createHash('sha256').update(said).digest('hex') },
        ...manifest.tables.map(({ file, bytes, sha256 }) => ({ name: file, bytes, sha256 })),
      ];
      const payload = { operationId: running.operation.id, rows, sha256: manifest.sha256 };
      return { result: { rows, files }, act: { type: 'tenancy.tenant_exported', payload } };
    },
  };
}

/** Removes the files of exports that have been kept long enough; gives how many exports. */
export async function removeOldExports({ tenancy, exportsFolder }: DoerDeps): Promise<number> {
  const old = await tenancy.withControl((tx) => queries.exportsToRemove(tx, { keptDays: KEPT_DAYS, max: REMOVED_MAX }));
  for (const { id, slug } of old) {
    await rm(path.join(exportsFolder, slug, id), { recursive: true, force: true });
    await tenancy.withControl((tx) => queries.noteExpired(tx, { id }));
  }
  return old.length;
}
