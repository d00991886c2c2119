import { ibOfId, type RefuseClosed } from '../../ib/index.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import { askForPublication } from '../publication/service.ts';
import * as contract from './contract.ts';
import * as queries from './queries.ts';
import { agree, assignPlan, createPlan, draftVersion, planOfId, versionOf } from './service.ts';

type Head = {
  readonly number: number;
  readonly createdAt: Date;
  readonly validFrom: Date | null;
  readonly publishedAt: Date | null;
};

const headShown = ({ number, createdAt, validFrom, publishedAt }: Head) => ({
  number,
  state: publishedAt === null ? ('draft' as const) : ('published' as const),
  createdAt: createdAt.toISOString(),
  validFrom: validFrom?.toISOString() ?? null,
  publishedAt: publishedAt?.toISOString() ?? null,
});

type Dependencies = {
  readonly withTenant: WithTenant;
  /** Asked for whatever may begin in the past: what is closed stays as it is. */
  readonly refuseClosed: RefuseClosed;
};

/** The routes of plans. */
export const planRoutes = (deps: Dependencies): Route[] => [...lookingAt(deps), ...changing(deps), ...using(deps)];

const lookingAt = ({ withTenant }: Dependencies): Route[] => [
  route(contract.listPlansOperation, ({ tenantId, origin, query: { limit, cursor, sort, q } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { rows, nextCursor } = await queries.pageOfPlans(tx, { q }, { limit, cursor, sort });
      const data = rows.map(({ createdAt, ...plan }) => ({ ...plan, createdAt: createdAt.toISOString() }));
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
  route(contract.readPlan, ({ tenantId, origin, params: { planId } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { key, id, name, createdAt } = await planOfId(tx, planId);
      const versions = (await queries.newestVersions(tx, { planKey: key })).map(headShown);
      return { status: 200, json: { id, name, createdAt: createdAt.toISOString(), versions } };
    }),
  ),
  route(contract.readPlanVersion, ({ tenantId, origin, params: { planId, number } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const version = await versionOf(tx, await planOfId(tx, planId), number);
      return { status: 200, json: { planId, ...headShown(version), definition: version.definition } };
    }),
  ),
];

const changing = ({ withTenant, refuseClosed }: Dependencies): Route[] => [
  route(contract.createPlanOperation, ({ tenantId, origin, body: { name } }) =>
    withTenant(tenantId, origin, async (tx) => ({ status: 201, json: { id: await createPlan(tx, { name }) } })),
  ),
  route(contract.draftPlanVersion, ({ tenantId, origin, params: { planId }, body: { definition } }) =>
    withTenant(tenantId, origin, async (tx) => ({
      status: 201,
      json: { planId, number: await draftVersion(tx, { planId, definition }) },
    })),
  ),
  route(contract.publishPlanVersion, ({ tenantId, origin, access, params, body: { validFrom, reason } }) =>
    withTenant(tenantId, origin, async (tx) => ({
      status: 202,
      json: await askForPublication(tx, { ...params, validFrom, reason, access }, { refuseClosed }),
    })),
  ),
];

const using = ({ withTenant, refuseClosed }: Dependencies): Route[] => [
  route(contract.assignPlanOperation, ({ tenantId, origin, params: { planId }, body: { ibId, validFrom } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const of = ibId === undefined ? {} : { ibKey: (await ibOfId(tx, ibId)).key };
      const since = await assignPlan(tx, { planId, ...of, ...(validFrom && { validFrom }) });
      await refuseClosed(tx, since);
      return { status: 200, json: { planId, ibId: ibId ?? null, validFrom: since.toISOString() } };
    }),
  ),
  route(contract.agreeOnRates, ({ tenantId, origin, params: { planId }, body: { ibId, terms, validFrom } }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { key: ibKey } = await ibOfId(tx, ibId);
      const [since] = await agree(tx, { planId, agreements: [{ ibKey, terms, ...(validFrom && { validFrom }) }] });
      if (since === undefined) throw new Error('one agreement begins once');
      await refuseClosed(tx, since);
      return { status: 201, json: { planId, ibId, terms, validFrom: since.toISOString() } };
    }),
  ),
];
