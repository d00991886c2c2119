import { clientWithin, listClientsOfIb, pageOfClients, shownClient } from '../clients/index.ts';
import { requestApproval } from '../identity/index.ts';
import { reachesEverything, type Reach } from '../platform/access.ts';
import { type Route, route } from '../platform/route.ts';
import type { TenantTx, WithTenant } from '../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import type { IbRow } from './directory/queries.ts';
import { ibWithin, pageOfAncestors, pageOfDescendants, pageOfIbs } from './directory/service.ts';
import { foreseeRelink, relinkClient } from './links/service.ts';
import { clientRelinkApproval, ibMoveApproval, type RefuseClosed } from './moves/service.ts';
import { setStatus } from './statuses/service.ts';
import { createIb, foreseeMove } from './tree/service.ts';

const shown = ({ key: _key, joinedAt, ...ib }: IbRow): contract.Ib => ({ ...ib, joinedAt: joinedAt.toISOString() });

export type IbRouteDeps = {
  readonly withTenant: WithTenant;
  /** Refuses what would take effect in a period that is closed. */
  readonly refuseClosed: RefuseClosed;
};

/** The routes of the tree of introducing brokers. */
export const ibRoutes = (deps: IbRouteDeps): Route[] => [...questions(deps), ...changes(deps)];

const questions = ({ withTenant }: IbRouteDeps): Route[] => [
  route(contract.listIbs, async ({ tenantId, origin, access, query }) => {
    const page = await withTenant(tenantId, origin, (tx) => pageOfIbs(tx, access.reach, query, query));
    return { status: 200, json: { data: page.rows.map(shown), nextCursor: page.nextCursor } };
  }),
  route(contract.readIb, async ({ tenantId, origin, access, params }) => {
    const row = await withTenant(tenantId, origin, (tx) => ibWithin(tx, access.reach, params.ibId));
    return { status: 200, json: shown(row) };
  }),
  route(contract.listAncestors, async ({ tenantId, origin, access, params, query }) => {
    const asked = { ...params, asOf: query.asOf };
    const page = await withTenant(tenantId, origin, (tx) => pageOfAncestors(tx, access.reach, asked, query));
    return { status: 200, json: { data: page.rows, nextCursor: page.nextCursor } };
  }),
  route(contract.listDescendants, async ({ tenantId, origin, access, params, query }) => {
    const asked = { ...params, asOf: query.asOf, depthMax: query.depthMax };
    const page = await withTenant(tenantId, origin, (tx) => pageOfDescendants(tx, access.reach, asked, query));
    return { status: 200, json: { data: page.rows, nextCursor: page.nextCursor } };
  }),
  route(listClientsOfIb, async ({ tenantId, origin, access, params, query }) => {
    const page = await withTenant(tenantId, origin, async (tx) => {
      await ibWithin(tx, reachOfIbs(access.reach), params.ibId);
      return pageOfClients(tx, access, params, query);
    });
    const data = page.rows.map((row) => shownClient(row, access));
    return { status: 200, json: { data, nextCursor: page.nextCursor } };
  }),
];

/** Which IBs somebody may name who asks for clients: an IB those of its subtree; staff all, for the tree is open to them. */
const reachOfIbs = (reach: Reach): Reach => (reach.subtreeOf === null ? reachesEverything : reach);

const changes = ({ withTenant, refuseClosed }: IbRouteDeps): Route[] => [
  route(contract.createIbOperation, async ({ tenantId, origin, access, body }) => {
    const row = await withTenant(tenantId, origin, async (tx) => {
      const { id } = await createIb(tx, { name: body.name, parent: body.parentId });
      return ibWithin(tx, access.reach, id);
    });
    return { status: 201, json: shown(row) };
  }),
  route(contract.moveIbOperation, async ({ tenantId, origin, access, params, body }) => {
    const { reason, ...move } = body;
    const asked = await withTenant(tenantId, origin, async (tx) => {
      const { id, parentId } = await ibWithin(tx, access.reach, params.ibId);
      const to = move.parentId === null ? null : await ibWithin(tx, access.reach, move.parentId);
      const at = move.effectiveAt === undefined ? {} : { effectiveAt: new Date(move.effectiveAt) };
      const { backdated } = move;
      await foreseeMove(tx, { ibId: id, parentId: move.parentId, backdated, ...at }); // What cannot be done is not asked for.
      if (at.effectiveAt !== undefined) await refuseClosed(tx, at.effectiveAt);
      const when = move.effectiveAt === undefined ? 'when it is agreed' : `from ${move.effectiveAt} on`;
      const summary = `Move ${id} from ${parentId ?? 'nobody'} to ${to?.id ?? 'nobody'} ${when}`;
      const kind = ibMoveApproval({ refuseClosed });
      return requestApproval(tx, kind, { ibId: id, ...move }, { subject: id, summary, reason, access });
    });
    return { status: 202, json: asked };
  }),
  route(contract.setIbStatus, async ({ tenantId, origin, access, params, body }) => {
    const row = await withTenant(tenantId, origin, async (tx) => {
      const { id } = await ibWithin(tx, access.reach, params.ibId);
      await setStatus(tx, { ibId: id, ...body });
      return ibWithin(tx, access.reach, id);
    });
    return { status: 200, json: shown(row) };
  }),
  route(contract.linkClientOperation, async ({ tenantId, origin, access, params, body }) => {
    const { clientId, effectiveAt, reason, backdated } = body;
    const at = effectiveAt === undefined ? {} : { effectiveAt: new Date(effectiveAt) };
    const keysOf = async (tx: TenantTx) => {
      const { id: ibId } = await ibWithin(tx, access.reach, params.ibId);
      const { key: clientKey } = await clientWithin(tx, access.reach, clientId);
      return { ibId, clientKey };
    };
    if (backdated && effectiveAt !== undefined) {
      const asked = await withTenant(tenantId, origin, async (tx) => {
        const keys = await keysOf(tx);
        const { link } = await foreseeRelink(tx, { ...keys, backdated, ...at });
        await refuseClosed(tx, new Date(effectiveAt));
        const summary = `Give ${clientId} to ${keys.ibId} from ${effectiveAt} on; it belonged to ${link?.ibId ?? 'nobody'}`;
        const kind = clientRelinkApproval({ refuseClosed });
        const payload = { clientId, ...keys, effectiveAt };
        return requestApproval(tx, kind, payload, { subject: clientId, summary, reason, access });
      });
      return { status: 202, json: asked };
    }
    const moved = await withTenant(tenantId, origin, async (tx) =>
      relinkClient(tx, { ...(await keysOf(tx)), reason, ...at }),
    );
    const until = moved.until?.toISOString() ?? null;
    return { status: 200, json: { clientId, ...params, effectiveAt: moved.effectiveAt.toISOString(), until } };
  }),
];
