import type { Clock } from '../kernel/clock.ts';
import { type TenantId, idFromUuid, newUuid } from '../kernel/ids.ts';
import type { DatabaseAddress } from '../platform/database.ts';
import { emit } from '../platform/events/index.ts';
import type { ControlTx, Origin, WithControl } from '../platform/tenant-tx.ts';
import { tenancyProblem } from './errors.ts';
import { tellTenant } from './notices/service.ts';
import { type Provisioning, type ProvisioningStep, provisionDatabase } from './provision.ts';
import * as queries from './queries.ts';
import { isReserved, isSlug, namesOf } from './rules.ts';
import { placed, type Tenant, type TenantRow } from './types.ts';

/** What registering a tenant needs. */
export type Creation = {
  readonly admin: DatabaseAddress;
  readonly installation: string;
  readonly baseHost: string;
  readonly clock: Clock;
  readonly withControl: WithControl;
  readonly afterStep?: (step: ProvisioningStep) => Promise<void>;
};

/**
 * Writes a tenant into the registry, with the host name that it answers under, before its database exists.
 * `tenancy.slug_invalid`; `tenancy.slug_taken` where it exists, unless `completes` and it is still being made;
 * `tenancy.host_taken`.
 */
export async function registerTenant(
  tx: ControlTx,
  { installation, baseHost, clock }: Pick<Creation, 'installation' | 'baseHost' | 'clock'>,
  { slug, name, completes = false }: { readonly slug: string; readonly name: string; readonly completes?: boolean },
): Promise<TenantRow> {
  if (!isSlug(slug)) {
    const read = JSON.stringify(slug.slice(0, 60));
    const detail = isReserved(slug) ? `${read} is kept for the installation` : `Read ${read}`;
    throw tenancyProblem('tenancy.slug_invalid', { detail });
  }
  const id = idFromUuid('tnt', newUuid(clock.now().getTime()));
  const [inserted] = await queries.insertTenant(tx, { id, slug, name, ...namesOf(installation, slug) });
  const [found] = await queries.tenantOfSlug(tx, { slug });
  if (found?.status !== 'provisioning' || (inserted === undefined && !completes))
    throw tenancyProblem('tenancy.slug_taken', { detail: slug });
  const host = `${slug}.${baseHost}`;
  await queries.claimHost(tx, { host, tenantId: found.id });
  const [owner] = await queries.ownerOfHost(tx, { host });
  if (owner?.tenantId !== found.id) throw tenancyProblem('tenancy.host_taken', { detail: host });
  if (inserted !== undefined)
    emit(tx, {
      stream: `tenant/${found.id}`,
      type: 'tenancy.tenant_registered',
      schemaVersion: 1,
      payload: { tenantId: found.id, slug, name, host },
    });
  return found;
}

/** Makes what a registered tenant lacks: database, roles, migrations. Doing it twice changes nothing. */
export async function completeTenant(
  { withControl, admin, afterStep }: Creation,
  provisioning: Provisioning,
  row: TenantRow,
  origin?: Origin,
): Promise<Tenant> {
  const tenant = placed(row, admin);
  await afterStep?.('registered');
  await provisionDatabase(provisioning, tenant);
  await withControl(async (tx) => {
    const [activated] = await queries.activateTenant(tx, { tenantId: tenant.id });
    if (activated !== undefined)
      await tellTenant(tx, tenant.id, { type: 'tenancy.tenant_created', payload: { slug: tenant.slug } });
  }, origin);
  return { ...tenant, status: 'active' };
}

/** Makes a tenant with its database; an interrupted creation is completed by the same call. */
export async function createTenant(
  creation: Creation,
  provisioning: Provisioning,
  input: { readonly slug: string; readonly name: string },
  origin?: Origin,
): Promise<Tenant> {
  const row = await creation.withControl((tx) => registerTenant(tx, creation, { ...input, completes: true }), origin);
  return completeTenant(creation, provisioning, row, origin);
}

/** The tenant of an id as it is now, whatever was kept. */
export async function tenantNow(tx: ControlTx, tenantId: TenantId): Promise<TenantRow> {
  const [row] = await queries.tenantOfId(tx, { tenantId });
  if (row === undefined) throw tenancyProblem('tenancy.tenant_unknown', { tenantId });
  return row;
}
