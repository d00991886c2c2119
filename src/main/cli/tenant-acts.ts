import type { Command } from 'commander';
import { ReasonText } from '../../kernel/contact.ts';
import type { ControlTx } from '../../platform/tenant-tx.ts';
import {
  deliverNotices,
  exportTenant,
  resumeTenant,
  suspendTenant,
  tellTenant,
  type Tenant,
  verifyExport,
} from '../../tenancy/index.ts';
import type { CliContext } from './context.ts';
import { byCommand, parsedBy } from './scope.ts';

const REASON = ['--reason <text>', 'why, in words that the tenant sees', parsedBy(ReasonText)] as const;

/** `cascade tenants suspend | resume | export | check-export`. */
export function registerTenantActs(tenants: Command, context: CliContext): void {
  registerSuspension(tenants, context);
  registerExport(tenants, context);
}

/** Records an act, and tells the tenant of it in its own chain of events; who cannot be told now is told by the worker. */
export async function act(context: CliContext, slug: string, work: (tx: ControlTx, tenant: Tenant) => Promise<void>) {
  const tenancy = await context.openTenancy();
  const tenant = await tenancy.tenantOfSlug(slug);
  await tenancy.withControl((tx) => work(tx, tenant), byCommand());
  tenancy.forget();
  await deliverNotices({ ...tenancy, log: context.log() }, tenant.id);
  return { tenancy, tenant };
}

function registerSuspension(tenants: Command, context: CliContext): void {
  tenants
    .command('suspend')
    .argument('<slug>', 'the tenant')
    .requiredOption(...REASON)
    .description('lets nobody in and books nothing, within seconds; nothing is lost, and feeds send again later')
    .action(async (slug: string, { reason }: { reason: string }) => {
      await act(context, slug, (tx, { id }) => suspendTenant(tx, id, reason));
      context.out.result({ slug, status: 'suspended', reason }, (each) => `${each.slug} is suspended`);
    });

  tenants
    .command('resume')
    .argument('<slug>', 'the tenant')
    .description('lets a suspended tenant go on')
    .action(async (slug: string) => {
      await act(context, slug, (tx, { id }) => resumeTenant(tx, id));
      context.out.result({ slug, status: 'active' }, (each) => `${each.slug} goes on`);
    });
}

function registerExport(tenants: Command, context: CliContext): void {
  const { out } = context;
  tenants
    .command('export')
    .argument('<slug>', 'the tenant')
    .requiredOption('--to <folder>', 'a folder that is absent or empty')
    .requiredOption(...REASON)
    .description('writes all that a tenant has, but its secrets, into files with a hashed manifest')
    .action(async (slug: string, { to, reason }: { to: string; reason: string }) => {
      const { tenancy, tenant } = await act(context, slug, (tx, { id }) =>
        tellTenant(tx, id, { type: 'tenancy.export_requested', payload: { reason } }),
      );
      const bar = out.progress(`exporting ${slug}`, 0);
      const manifest = await exportTenant(tenancy.provisioning, tenant, to, {
        onProgress: (done, total, table) => bar.set(done, total, table),
      }).finally(() => bar.stop());
      const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
      await act(context, slug, (tx, { id }) =>
        tellTenant(tx, id, { type: 'tenancy.tenant_exported', payload: { rows, sha256: manifest.sha256 } }),
      );
      out.result(
        { slug, folder: to, takenAt: manifest.takenAt, tables: manifest.tables.length, rows, sha256: manifest.sha256 },
        (each) => `${each.rows} rows of ${each.tables} tables are in ${each.folder}; manifest ${each.sha256}`,
      );
    });

  tenants
    .command('check-export')
    .argument('<folder>', 'what an export wrote')
    .description('computes the manifest of an export again from its files; exit code 1 where they differ')
    .action(async (folder: string) => {
      const checked = await verifyExport(folder);
      out.result(
        checked,
        ({ findings, tables, rows, sha256 }) =>
          [
            `${tables} tables, ${rows} rows, manifest ${sha256 ?? 'missing'}: ${findings.length === 0 ? 'OK' : 'BROKEN'}`,
            ...findings.map(({ rule, subject, detail }) => `  ${rule}: ${subject}: ${detail}`),
          ].join('\n'),
        { ok: checked.ok },
      );
    });
}
