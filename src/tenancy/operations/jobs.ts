import { z } from 'zod';
import { OperationId } from '../../kernel/ids.ts';
import type { JobDefinition } from '../../platform/queue/index.ts';

/** Work on whole tenants has a queue of its own: it takes minutes and needs the administrator's rights. */
export const TENANT_QUEUE = 'tenants';

export const TenantOperationDue = z.strictObject({ operationId: OperationId });
export type TenantOperationDue = z.infer<typeof TenantOperationDue>;

/** Says that an operation is to be done. The sweeper puts it back, not the queue: what is true stands in the control database. */
export const tenantOperationDue: JobDefinition<TenantOperationDue> = {
  queue: TENANT_QUEUE,
  name: 'TenantOperation',
  payload: TenantOperationDue,
  sameAs: ({ operationId }) => `to.${operationId}`,
  attemptsMax: 1,
  backoffMs: 1_000,
};
