import { type Command, InvalidArgumentError } from 'commander';
import { deliverNotices, type DriftReport, type FleetReport, type Tenancy, type Tenant } from '../../tenancy/index.ts';
import type { CliContext } from './context.ts';
import { type Out, tableOf } from './out.ts';
import { byCommand } from './scope.ts';
import { registerTenantActs } from './tenant-acts.ts';
import { registerTenantQuotas } from './tenant-quotas.ts';

/** `cascade tenants create | list | migrate | drift`, and what `tenant-acts.ts` and `tenant-quotas.ts` add. */
export function registerTenants(program: Command, context: CliContext): void {
  const { openTenancy, out } = context;
  const tenants = program
    .command('tenants')
    .description('the brokerages of this installation, each with a database of its own');

  tenants
    .command('create')
    .argument('<slug>', 'its name in addresses: 2 to 40 small letters, digits and hyphens')
    .requiredOption('--name <name>', 'its name for people')
    .description('makes a tenant with its database; completes one whose making was interrupted')
    .action(async (slug: string, { name }: { name: string }) => {
      const tenancy = await openTenancy();
      const tenant = await tenancy.createTenant({ slug, name }, byCommand());
      await deliverNotices({ ...tenancy, log: context.log() }, tenant.id);
      out.result(shown(tenant), (each) => `${each.slug} is ready (${each.id})`);
    });

  tenants
    .command('list')
    .description('all tenants in the order of their names')
    .action(async () => {
      const all = await (await openTenancy()).tenants();
      out.result(all.map(shown), (rows) =>
        tableOf([
          ['slug', 'status', 'id', 'name', 'database'],
          ...rows.map((row) => [row.slug, row.status, row.id, row.name, row.database]),
        ]),
      );
    });

  tenants
    .command('migrate')
    .option('--concurrency <n>', 'how many tenants at a time', wholeNumber, 4)
    .description(
      "brings all tenants' databases up to date; begins no further one after a failure; goes on where it stopped",
    )
    .action(async ({ concurrency }: { concurrency: number }) => {
      const report = await migrateAll(await openTenancy(), out, concurrency);
      out.result(report, migrationText, { ok: report.failed.length === 0 });
    });

  tenants
    .command('drift')
    .description("how each tenant's database differs from what the migrations make; exit code 1 if one does")
    .action(async () => {
      const reports = await (await openTenancy()).drift();
      out.result(reports, (all) => all.map(driftText).join('\n'), { ok: reports.every(hasNoDrift) });
    });

  registerTenantActs(tenants, context);
  registerTenantQuotas(tenants, context);
}

/** Migrates all tenants and shows how far it is; `npm run migrate` does the same. */
export async function migrateAll(tenancy: Tenancy, out: Out, concurrency: number): Promise<FleetReport> {
  const bar = out.progress('migrating', (await tenancy.tenants()).length);
  try {
    return await tenancy.migrateTenants({
      concurrency,
      onProgress: ({ done, total, slug }) => bar.set(done, total, slug),
    });
  } finally {
    bar.stop();
  }
}

const shown = ({ id, slug, name, status, host, port, database }: Tenant) => ({
  id,
  slug,
  name,
  status,
  host,
  port,
  database,
});

/** What a run of migrations did, a line per tenant that changed or could not. */
export function migrationText({ migrated, failed, notStarted }: FleetReport): string {
  const changed = migrated.filter(({ applied }) => applied.length > 0);
  return [
    ...changed.map(({ slug, applied }) => `${slug}: ${applied.join(', ')}`),
    `${migrated.length} up to date, ${changed.length} of them changed`,
    ...failed.map(({ slug, code, reason }) => `${slug} failed: ${code}: ${reason}`),
    ...(notStarted.length === 0 ? [] : [`not begun: ${notStarted.join(', ')}`]),
  ].join('\n');
}

const hasNoDrift = ({ missingMigrations, unknownMigrations, differences }: DriftReport): boolean =>
  missingMigrations.length + unknownMigrations.length + differences.length === 0;

function driftText(report: DriftReport): string {
  if (hasNoDrift(report)) return `${report.slug}: as the migrations made it`;
  return [
    `${report.slug}:`,
    ...report.missingMigrations.map((name) => `  migration ${name} is not applied`),
    ...report.unknownMigrations.map((name) => `  migration ${name} is applied, but unknown to this version`),
    ...report.differences.map((sentence) => `  ${sentence}`),
  ].join('\n');
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('It takes a whole number from 1 to 999.');
  return Number(text);
}
