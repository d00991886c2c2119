import type { Command } from 'commander';
import { Problem } from '../../kernel/problem.ts';
import { type InstallationVerification, type Verification, verifyInstallation, verifyTenant } from '../../ops/index.ts';
import type { Tenancy, Tenant } from '../../tenancy/index.ts';
import type { CliContext } from './context.ts';
import { type Out, tableOf } from './out.ts';

/** A tenant that could not be checked, and why. */
type Unchecked = {
  readonly ok: false;
  readonly tenant: string;
  readonly error: { readonly code: string; readonly detail: string };
};
type Verified = Verification | Unchecked;
type InstallationVerified = InstallationVerification | Unchecked;
type Options = { readonly tenant?: string; readonly recompute?: true };

const BREACH = 1;
const UNCHECKED = 2;
/** Findings that are shown to people; JSON has all. */
const SHOWN_MAX = 20;

/** `cascade verify [--tenant <slug>] [--recompute]`: exit code 1 on a breach, 2 if a tenant could not be checked. */
export function registerVerify(program: Command, { openTenancy, out }: CliContext): void {
  program
    .command('verify')
    .option('--tenant <slug>', 'this tenant only; all of them and the installation’s own events unless given')
    .option('--recompute', 'compute every booking again from its inputs as well')
    .description(
      'checks events, tree, feed, bookings and ledger against every rule; exit code 1 on a breach, 2 if it could not be checked',
    )
    .action(async ({ tenant, recompute }: Options) => {
      const results = await verifyAll(openTenancy, out, { tenant, recompute: recompute === true });
      const installation = tenant === undefined ? await verifyOwnChain(openTenancy) : undefined;
      const all = [...results, ...(installation === undefined ? [] : [installation])];
      const exitCode = all.some((each) => 'error' in each) ? UNCHECKED : BREACH;
      const ok = all.every((each) => each.ok);
      const [only] = results;
      if (installation === undefined && only !== undefined) out.result(only, textOf, { ok, exitCode });
      else
        out.result(
          { ok, installation, tenants: results },
          () => [...results.map(textOf), installationText(installation)].join('\n\n'),
          { ok, exitCode },
        );
    });
}

async function verifyAll(
  openTenancy: () => Promise<Tenancy>,
  out: Out,
  { tenant, recompute }: { readonly tenant: string | undefined; readonly recompute: boolean },
): Promise<Verified[]> {
  const results: Verified[] = [];
  try {
    const tenancy = await openTenancy();
    const tenants =
      tenant === undefined
        ? (await tenancy.tenants()).filter(({ status }) => status !== 'provisioning')
        : [await tenancy.tenantOfSlug(tenant)];
    for (const each of tenants) results.push(await verifyOne(tenancy, out, each, recompute));
  } catch (error) {
    results.push(unchecked(tenant ?? '', error));
  }
  return results;
}

async function verifyOne(tenancy: Tenancy, out: Out, tenant: Tenant, recompute: boolean): Promise<Verified> {
  const bar = out.progress(`verifying ${tenant.slug}`, 0);
  try {
    const ways = { withTenant: tenancy.withTenantEvenSuspended, withControl: tenancy.withControl };
    return await verifyTenant(ways, tenant, {
      recompute,
      onPart: (part, done, total) => bar.set(done, total, part),
    });
  } catch (error) {
    return unchecked(tenant.slug, error);
  } finally {
    bar.stop();
  }
}

/** The installation's own chain of events: what its operators did. */
async function verifyOwnChain(openTenancy: () => Promise<Tenancy>): Promise<InstallationVerified> {
  try {
    return await verifyInstallation(await openTenancy());
  } catch (error) {
    return unchecked('', error);
  }
}

function installationText(result: InstallationVerified | undefined): string {
  if (result === undefined) return '';
  if ('error' in result) return `The installation could not be checked: ${result.error.code}: ${result.error.detail}`;
  const { checked, findings } = result;
  const verdict = findings.length === 0 ? 'OK' : `BROKEN (${findings.length})`;
  const what = `${checked.events} events, ${checked.headCopies} copies of their head`;
  const lines = findings.map(({ rule, subject, detail }) => `  ${rule}: ${subject}: ${detail}`);
  return [
    tableOf([
      ['the installation', 'verdict', 'checked'],
      ['events', verdict, what],
    ]),
    ...lines,
  ].join('\n');
}

const unchecked = (tenant: string, error: unknown): Unchecked => ({
  ok: false,
  tenant,
  error:
    error instanceof Problem
      ? { code: error.code, detail: error.detail ?? error.title }
      : { code: 'platform.internal', detail: error instanceof Error ? error.message : String(error) },
});

function textOf(result: Verified): string {
  if ('error' in result)
    return `${result.tenant === '' ? 'The tenants' : result.tenant} could not be checked: ${result.error.code}: ${result.error.detail}`;
  const rows = result.parts.map(({ part, counts, findings }) => [
    part,
    findings === 0 ? 'OK' : `BROKEN (${findings})`,
    Object.entries(counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(', '),
  ]);
  const shown = result.findings
    .slice(0, SHOWN_MAX)
    .map(({ rule, subject, detail }) => `  ${rule}: ${subject}: ${detail}`);
  const more = result.findings.length - shown.length;
  return [
    tableOf([[result.tenant, 'verdict', 'checked'], ...rows]),
    ...shown,
    ...(more > 0 ? [`  and ${more} more; --json lists them`] : []),
  ].join('\n');
}
