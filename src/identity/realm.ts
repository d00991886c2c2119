import type { TenantId } from '../kernel/ids.ts';
import type { AskedHost } from '../platform/access.ts';
import type { Origin, RealmTx, TenantTx, WithControl, WithTenant } from '../platform/tenant-tx.ts';

/**
 * Where people live: in a tenant's database, or, for those who run the installation, in the control database. Both have
 * the schema `identity` in the same form, so that one code serves both.
 */
export type Realm = {
  /** Null for the installation's own. */
  readonly tenantId: TenantId | null;
  /** Runs work in one transaction of the realm's database. */
  readonly run: <T>(origin: Origin, work: (tx: RealmTx) => Promise<T>) => Promise<T>;
};

/** The realm of a host. */
export type RealmOf = (host: AskedHost) => Realm;

/** What makes realms of the ways to the databases. */
export const makeRealmOf =
  ({ withTenant, withControl }: { readonly withTenant: WithTenant; readonly withControl: WithControl }): RealmOf =>
  ({ tenantId }) =>
    tenantId === null
      ? { tenantId, run: (origin, work) => withControl(work, origin) }
      : { tenantId, run: (origin, work) => withTenant(tenantId, origin, work) };

/** Who acts while it is being found out who calls. */
export const asking: Origin = { actor: 'cascade', causation: 'sign-in' };

/** Whether a transaction is on a tenant's database. */
export const isTenantTx = (tx: RealmTx): tx is TenantTx => 'tenantId' in tx;

/** The tenant of a transaction; null on the control database. */
export const tenantOf = (tx: RealmTx): TenantId | null => (isTenantTx(tx) ? tx.tenantId : null);
