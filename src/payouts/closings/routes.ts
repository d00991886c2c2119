import { moneyJson } from '../../kernel/money.ts';
import { onlyRow } from '../../platform/query.ts';
import { type Route, route } from '../../platform/route.ts';
import type { WithTenant } from '../../platform/tenant-tx.ts';
import * as contract from './contract.ts';
import { closingProblem } from './errors.ts';
import * as queries from './queries.ts';
import { askToClose, checksOf } from './service.ts';
import { closingChecks, type FoundChecks } from './types.ts';

type Listed = Awaited<ReturnType<typeof queries.closingOfId>>[number];
type Figure = Awaited<ReturnType<typeof queries.figuresOf>>[number];

const shown = ({ id, until, since, cutAt, cutBatch, approvalId, ...closing }: Listed) => ({
  id,
  from: since?.toISOString() ?? null,
  until: until.toISOString(),
  closedAt: cutAt.toISOString(),
  lastBatch: String(cutBatch),
  acknowledged: closing.acknowledged,
  reason: closing.reason,
  requestedBy: closing.requestedBy,
  approvedBy: closing.approvedBy,
  approvalId,
});

const figuresShown = (figures: readonly Figure[]) =>
  figures.flatMap(({ currency, kind, entries, units, lateUnits }) =>
    currency === '-'
      ? []
      : [
          {
            currency,
            beneficiaries: kind,
            entries: Number(entries),
            earned: moneyJson({ units, currency }),
            late: moneyJson({ units: lateUnits, currency }),
          },
        ],
  );

function checksShown(until: Date, found: FoundChecks) {
  const all = [...found].map(([name, count]) => ({ name, count, ...closingChecks[name] }));
  const of = (wanted: 'blocker' | 'warning') =>
    all.flatMap(({ weight, ...check }) => (weight === wanted ? [check] : []));
  return { until: until.toISOString(), blockers: of('blocker'), warnings: of('warning') };
}

/** The routes of closed periods. */
export const closingRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.listClosings, ({ tenantId, origin, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const page = await queries.pageOfClosings(tx, {}, query);
      return { status: 200, json: { data: page.rows.map(shown), nextCursor: page.nextCursor } };
    }),
  ),
  route(contract.readClosing, ({ tenantId, origin, params }) =>
    withTenant(tenantId, origin, async (tx) => {
      const [found] = await queries.closingOfId(tx, { id: params.closingId });
      if (found === undefined) throw closingProblem('payouts.closing_unknown', { detail: params.closingId });
      const figures = await queries.figuresOf(tx, { key: found.key });
      return {
        status: 200,
        json: { ...shown(found), figures: figures.length === 0 ? null : figuresShown(figures) },
      };
    }),
  ),
  route(contract.checkClosing, ({ tenantId, origin, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const until = query.until ?? onlyRow(await queries.databaseNow(tx, {})).now;
      return { status: 200, json: checksShown(until, await checksOf(tx, until)) };
    }),
  ),
  route(contract.requestClosing, ({ tenantId, origin, access, body }) =>
    withTenant(tenantId, origin, async (tx) => ({
      status: 202,
      json: await askToClose(tx, { until: body.until, acknowledged: body.acknowledge, reason: body.reason, access }),
    })),
  ),
];
