import type { TenantId } from '../kernel/ids.ts';
import type { ControlTx } from '../platform/tenant-tx.ts';
import { tenancyProblem } from './errors.ts';
import { tellTenant } from './notices/service.ts';
import * as queries from './queries.ts';

/**
 * Suspends a tenant: within the time that the registry's answers are kept, its hosts answer `tenancy.suspended`, nothing is
 * booked for it, and its sessions and streams end. Nothing of it is lost. `tenancy.tenant_unknown`, `tenancy.not_active`.
 */
export async function suspendTenant(tx: ControlTx, tenantId: TenantId, reason: string): Promise<void> {
  const [changed] = await queries.suspendTenant(tx, { tenantId, reason });
  if (changed === undefined) throw await refusal(tx, tenantId, 'tenancy.not_active');
  await tellTenant(tx, tenantId, {
    type: 'tenancy.tenant_suspended',
    payload: { reason, before: { status: 'active' }, after: { status: 'suspended' } },
  });
}

/** Lets a suspended tenant go on. `tenancy.tenant_unknown`, `tenancy.not_suspended`. */
export async function resumeTenant(tx: ControlTx, tenantId: TenantId): Promise<void> {
  const [changed] = await queries.resumeTenant(tx, { tenantId });
  if (changed === undefined) throw await refusal(tx, tenantId, 'tenancy.not_suspended');
  await tellTenant(tx, tenantId, {
    type: 'tenancy.tenant_resumed',
    payload: { before: { status: 'suspended' }, after: { status: 'active' } },
  });
}

async function refusal(tx: ControlTx, tenantId: TenantId, code: 'tenancy.not_active' | 'tenancy.not_suspended') {
  const [tenant] = await queries.tenantOfId(tx, { tenantId });
  if (tenant === undefined) return tenancyProblem('tenancy.tenant_unknown');
  return tenancyProblem(code, { detail: `It is ${tenant.status}` });
}
