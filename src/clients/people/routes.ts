import type { TenantId } from '../../kernel/ids.ts';
import type { Access } from '../../platform/access.ts';
import { pageOfStreams } from '../../platform/events/index.ts';
import { shownField } from '../../platform/masks.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { countClients } from '../service.ts';
import * as contract from './contract.ts';
import type { ClientRow } from './queries.ts';
import {
  addClient,
  assignClient,
  type Assignees,
  changeContact,
  clientWithin,
  pageOfClients,
  revealContact,
  streamsOf,
} from './service.ts';

/** The surfaces of people outside the broker's house. */
const OUTSIDE: ReadonlySet<string> = new Set(['portal', 'partner']);
const isOutside = ({ caller }: Access): boolean => OUTSIDE.has(caller.surface);

/** A client as a caller is shown it: what his access masks is masked, and who looks after it is the broker's own matter. */
export function shownClient(row: ClientRow, access: Access): contract.Client {
  const { masked } = access;
  const { key: _key, contactVersion: _version, createdAt, ...client } = row;
  const isTold = !isOutside(access);
  return {
    ...client,
    email: shownField(masked, 'email', row.email),
    phone: shownField(masked, 'phone', row.phone),
    ownerUserId: isTold ? row.ownerUserId : null,
    deskId: isTold ? row.deskId : null,
    createdAt: createdAt.toISOString(),
    masked: contract.ContactField.options.filter((field) => masked.has(field)),
  };
}

export type PeopleRouteDeps = {
  readonly withTenant: WithTenant;
  readonly assignees: Assignees;
  /** Refuses one more client than the tenant may have; `count` tells how many there are. A Problem. */
  readonly refuseMore: (tenantId: TenantId, count: () => Promise<number>) => Promise<void>;
};

/** The routes of clients. */
export const peopleRoutes = ({ withTenant, assignees, refuseMore }: PeopleRouteDeps): Route[] => [
  route(contract.listClients, async ({ tenantId, origin, access, query }) => {
    // Who looks after whom is not told outside, and cannot be asked for either.
    if (isOutside(access) && (query.deskId ?? query.assignedTo) !== undefined)
      return { status: 200, json: { data: [], nextCursor: null } };
    const page = await withTenant(tenantId, origin, (tx) => pageOfClients(tx, access, query, query));
    const data = page.rows.map((row) => shownClient(row, access));
    return { status: 200, json: { data, nextCursor: page.nextCursor } };
  }),
  route(contract.createClient, async ({ tenantId, origin, access, body }) => {
    // Whoever reaches only what is assigned would not see again what he makes.
    const ownerUserId = access.reach.everything ? null : access.reach.userId;
    const row = await withTenant(tenantId, origin, async (tx) => {
      await refuseMore(tenantId, () => countClients(tx));
      const { id } = await addClient(tx, { ...body, ownerUserId });
      return clientWithin(tx, access.reach, id);
    });
    return { status: 201, json: shownClient(row, access) };
  }),
  route(contract.readClient, async ({ tenantId, origin, access, params }) => {
    const row = await withTenant(tenantId, origin, (tx) => clientWithin(tx, access.reach, params.clientId));
    return { status: 200, json: shownClient(row, access) };
  }),
  route(contract.updateClient, async ({ tenantId, origin, access, params, body }) => {
    const row = await withTenant(tenantId, origin, (tx) => changeContact(tx, access.reach, params.clientId, body));
    return { status: 200, json: shownClient(row, access) };
  }),
  route(contract.assignClient, async ({ tenantId, origin, access, params, body }) => {
    const row = await withTenant(tenantId, origin, (tx) =>
      assignClient(tx, assignees, access.reach, params.clientId, body),
    );
    return { status: 200, json: shownClient(row, access) };
  }),
  route(contract.revealClient, async ({ tenantId, origin, access, params, body }) => {
    const seen = await withTenant(tenantId, origin, (tx) => revealContact(tx, access.reach, params.clientId, body));
    return { status: 200, json: { id: params.clientId, ...seen } };
  }),
  route(contract.readClientTimeline, async ({ tenantId, origin, access, params, query }) => {
    const page = await withTenant(tenantId, origin, async (tx) =>
      pageOfStreams(tx, { streams: await streamsOf(tx, access.reach, params.clientId) }, query),
    );
    const data = page.rows.map(({ seq, recordedAt, ...event }) => ({
      ...event,
      seq: String(seq),
      at: recordedAt.toISOString(),
    }));
    return { status: 200, json: { data, nextCursor: page.nextCursor } };
  }),
];
