import type { ApprovalId, TenantId } from '../../kernel/ids.ts';
import type { Access } from '../../platform/access.ts';
import { type Route, route } from '../../platform/route.ts';
import type { Policy } from '../policy/service.ts';
import * as contract from './contract.ts';
import { approvalsProblem } from './errors.ts';
import * as service from './service.ts';
import * as store from './store.ts';

/** What the operations on approvals stand on; main hands down all kinds that features declare. */
export type ApprovalRoutesDeps = service.ApprovalDeps & { readonly policy: Pick<Policy, 'mayAllOf'> };

type Asked = {
  readonly tenantId: TenantId;
  readonly access: Access;
  readonly params: { readonly approvalId: ApprovalId };
};

/** The operations by which people see what waits for a second person, and decide over it. */
export function approvalRoutes(deps: ApprovalRoutesDeps): Route[] {
  const { withTenant, policy } = deps;
  const answer = ({ tenantId, access, params }: Asked, change: service.Change = () => Promise.resolve()) =>
    withTenant(tenantId, access.origin, async (tx) => {
      const id = params.approvalId;
      await change(tx, { id, access });
      const found = await store.findApproval(tx, id, await store.seenBy(tx, access.caller, access.reach));
      if (found === undefined) throw approvalsProblem('identity.approval_unknown');
      return { status: 200, json: found } as const;
    });
  return [
    route(contract.listApprovals, async ({ tenantId, access, query }) => ({
      status: 200,
      json: await withTenant(tenantId, access.origin, async (tx) =>
        store.pageOfApprovals(tx, await store.seenBy(tx, access.caller, access.reach), query),
      ),
    })),
    route(contract.readApproval, (request) => answer(request)),
    route(contract.approveApproval, async (request) => {
      const { tenantId, access, params, body } = request;
      const mayAll = await policy.mayAllOf(access.caller, { tenantId });
      const { hash, note = null } = body;
      await service.approve(deps, { tenantId, access, id: params.approvalId, hash, note, mayAll });
      return answer(request);
    }),
    route(contract.rejectApproval, (request) =>
      answer(request, (tx, asked) => service.reject(tx, { ...asked, reason: request.body.reason })),
    ),
    route(contract.cancelApproval, (request) => answer(request, service.cancel)),
  ];
}
