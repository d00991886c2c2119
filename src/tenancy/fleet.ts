import { Problem } from '../kernel/problem.ts';
import { atPlaceOf } from './admin.ts';
import { tenancyProblem } from './errors.ts';
import { migrate, migrationNames } from './migrations.ts';
import type { Provisioning } from './provision.ts';
import type { Tenant } from './types.ts';

/** How all tenants are migrated: so many at a time; `onProgress` hears of each that is done. */
export type FleetOptions = {
  readonly concurrency?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number; readonly slug: string }) => void;
};

/** What became of each tenant. Nothing failed exactly if `failed` is empty; then `notStarted` is empty too. */
export type FleetReport = {
  readonly migrated: readonly { readonly slug: string; readonly applied: readonly string[] }[];
  readonly failed: readonly { readonly slug: string; readonly code: string; readonly reason: string }[];
  readonly notStarted: readonly string[];
};

const CONCURRENCY_DEFAULT = 4;

/**
 * Brings the databases of tenants up to date, each as its owner role and each migration in its own transaction, so that
 * running it again goes on where it stopped. After the first failure no further tenant is begun: what broke one would
 * break the next. Those under way finish.
 */
export async function migrateFleet(
  deps: Provisioning,
  tenants: readonly Tenant[],
  options: FleetOptions = {},
): Promise<FleetReport> {
  const { concurrency = CONCURRENCY_DEFAULT, onProgress } = options;
  const waiting = tenants.filter((tenant) => tenant.status !== 'provisioning'); // Those are completed by creating them again.
  const total = waiting.length;
  const migrated: FleetReport['migrated'][number][] = [];
  const failed: FleetReport['failed'][number][] = [];
  const runLane = async (): Promise<void> => {
    while (failed.length === 0) {
      const tenant = waiting.shift();
      if (tenant === undefined) return;
      try {
        const applied = await migrate(atPlaceOf(deps, tenant), tenant.database, deps.migrations, tenant.ownerRole);
        migrated.push({ slug: tenant.slug, applied });
        onProgress?.({ done: migrated.length, total, slug: tenant.slug });
      } catch (error) {
        deps.log.error({ err: error, tenant: tenant.slug }, 'a tenant could not be migrated: no further one is begun');
        failed.push({ slug: tenant.slug, ...inWords(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, total)) }, runLane));
  const bySlug = (left: { slug: string }, right: { slug: string }): number => left.slug.localeCompare(right.slug);
  return {
    migrated: migrated.sort(bySlug),
    failed: failed.sort(bySlug),
    notStarted: waiting.map((tenant) => tenant.slug),
  };
}

/** The migrations of the project that a list of applied ones lacks, and those that it has beyond the project's. */
export async function compareMigrations(
  folder: string,
  applied: readonly string[],
): Promise<{ missing: string[]; unknown: string[] }> {
  const names = await migrationNames(folder);
  return {
    missing: names.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !names.includes(name)),
  };
}

function inWords(error: unknown): { code: string; reason: string } {
  const detail = error instanceof Error ? error.message : String(error);
  const problem = error instanceof Problem ? error : tenancyProblem('tenancy.migration_failed', { detail });
  return { code: problem.code, reason: problem.detail ?? problem.title };
}
