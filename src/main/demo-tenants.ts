import { acme, zenith } from '../../seeds/brokers.ts';
import { seedBrokerage, type SeedBrokerage } from '../../seeds/brokerage.ts';
import { DEMO_PASSWORD, DEMO_TOTP_SECRET, seedLogins, seedOperator } from '../../seeds/logins.ts';
import { makeDemoPeople } from '../identity/index.ts';
import { systemClock } from '../kernel/clock.ts';
import type { SourceId, TenantId } from '../kernel/ids.ts';
import { allSources, liveSecrets } from '../trading/index.ts';
import { type RoleDeps, sourceSealer } from './roles.ts';

/** A demo tenant whose feed can be spoken to. */
export type DemoBroker = {
  readonly slug: string;
  readonly tenantId: TenantId;
  readonly seed: SeedBrokerage;
  readonly source: { readonly id: SourceId; readonly secret: string };
};

const DEMO: readonly { readonly slug: string; readonly name: string; readonly seed: () => SeedBrokerage }[] = [
  { slug: 'acme', name: 'Acme Markets', seed: acme },
  { slug: 'zenith', name: 'Zenith Brokers', seed: zenith },
];

/**
 * Makes the demo tenants on an installation that has no others, and gives those that are there. A start that was killed
 * half way is completed by the next: a tenant is seeded in one transaction.
 */
export async function seedDemoTenants({ platform, config, log }: RoleDeps): Promise<DemoBroker[]> {
  const { tenancy } = platform;
  const known = await tenancy.tenants();
  const isDemo = known.every((tenant) => DEMO.some(({ slug }) => slug === tenant.slug));
  const keeping = { sealer: sourceSealer(config), clock: systemClock };
  const brokers: DemoBroker[] = [];
  for (const { slug, name, seed } of DEMO) {
    const found = known.find((tenant) => tenant.slug === slug && tenant.status !== 'provisioning');
    if (found === undefined && !isDemo) continue;
    const tenant = found ?? (await tenancy.createTenant({ slug, name }));
    if (tenant.status !== 'active') continue;
    const wanted = seed();
    const source = await tenancy.withTenant(tenant.id, { actor: 'demo', causation: 'start' }, async (tx) => {
      const [first] = await allSources(tx);
      if (first === undefined) return undefined;
      const [secret] = await liveSecrets(tx, keeping, first.id);
      return secret === undefined ? undefined : { id: first.id, secret };
    });
    if (source === undefined) {
      log.info({ tenant: slug }, 'the demo tenant is filled');
      const made = await seedBrokerage({ withTenant: tenancy.withTenant, ...keeping }, tenant.id, wanted);
      brokers.push({ slug, tenantId: tenant.id, seed: wanted, source: made.source });
    } else brokers.push({ slug, tenantId: tenant.id, seed: wanted, source });
  }
  await seedPeople(platform, config.secret, brokers, isDemo);
  return brokers;
}

/** People of every role for the demo tenants, and an operator where the installation has no other tenants. */
async function seedPeople(
  { tenancy }: RoleDeps['platform'],
  secret: string,
  brokers: readonly DemoBroker[],
  isDemo: boolean,
): Promise<void> {
  const make = await makeDemoPeople({ secret, password: DEMO_PASSWORD, totpSecret: DEMO_TOTP_SECRET });
  for (const { tenantId, slug } of brokers)
    await tenancy.withTenant(tenantId, { actor: 'demo', causation: 'start' }, (tx) => seedLogins(tx, make, slug));
  if (isDemo) await tenancy.withControl((tx) => seedOperator(tx, make), { actor: 'demo', causation: 'start' });
}
