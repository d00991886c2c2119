import { z } from 'zod';
import type { Currency } from '../../kernel/currency.ts';
import { idFromUuid, tradeIdOf } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import { requestApproval } from '../../identity/index.ts';
import { cursorAt, cursorProblem, pointOfCursor } from '../../platform/paging.ts';
import { type Route, route } from '../../platform/route.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { componentName } from '../contract.ts';
import { versionNames } from '../plans/queries.ts';
import { rerunApproval } from './apply.ts';
import * as contract from './contract.ts';
import { rerunProblem } from './errors.ts';
import { beneficiaryNames } from './preview.ts';
import * as queries from './queries.ts';
import { askRerun, rerunNow } from './service.ts';
import { changeKept } from './store.ts';
import type { StoredRerun } from './types.ts';

const Asked = z.object({ selection: z.unknown(), terms: z.unknown() });

function shown(rerun: StoredRerun): z.input<typeof contract.Rerun> {
  const { id, state, reason, askedBy, askedAt, preparedAt, digest, approvalId, appliedAt, taskId, errorCode } = rerun;
  return {
    id,
    state,
    ...Asked.parse(rerun.selection),
    reason,
    askedBy,
    askedAt: askedAt.toISOString(),
    preparedAt: preparedAt?.toISOString() ?? null,
    digest,
    totals: contract.RerunTotals.nullable().parse(rerun.totals),
    approvalId: approvalId === null ? null : idFromUuid('apr', approvalId),
    appliedAt: appliedAt?.toISOString() ?? null,
    taskId: taskId === null ? null : idFromUuid('tsk', taskId),
    problem: errorCode,
  };
}

/** The routes of re-runs. */
export const rerunRoutes = ({ withTenant }: { readonly withTenant: WithTenant }): Route[] => [
  route(contract.askRerun, async ({ tenantId, origin, body }) => ({
    status: 202,
    json: await withTenant(tenantId, origin, (tx) => askRerun(tx, body)),
  })),
  route(contract.listReruns, async ({ tenantId, origin, query }) => {
    const { state, ...page } = query;
    const { rows, nextCursor } = await withTenant(tenantId, origin, (tx) => queries.pageOfReruns(tx, { state }, page));
    return { status: 200, json: { data: rows.map(shown), nextCursor } };
  }),
  route(contract.readRerun, async ({ tenantId, origin, params }) => ({
    status: 200,
    json: shown(await withTenant(tenantId, origin, (tx) => rerunNow(tx, params.rerunId))),
  })),
  route(contract.listRerunTrades, ({ tenantId, origin, params, query }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { key } = await rerunNow(tx, params.rerunId);
      const after = query.cursor === undefined ? 0n : keyIn(query.cursor);
      const rows = await queries.tradesAfter(tx, { rerunKey: key, after, limit: query.limit + 1 });
      const page = rows.slice(0, query.limit);
      const last = page.at(-1);
      const nextCursor =
        rows.length > page.length && last !== undefined ? cursorAt(SORT, String(last.dealKey), '0') : null;
      return { status: 200, json: { data: await changesShown(tx, page), nextCursor } };
    }),
  ),
  route(contract.applyRerun, ({ tenantId, origin, access, params }) =>
    withTenant(tenantId, origin, async (tx) => {
      const { id, state, digest, reason, totals } = await rerunNow(tx, params.rerunId);
      if (state !== 'prepared' || digest === null)
        throw rerunProblem('commissions.rerun_not_prepared', { detail: `It is ${state}` });
      const { changed } = contract.RerunTotals.parse(totals);
      if (changed === 0) throw rerunProblem('commissions.rerun_changes_nothing');
      const summary = `Run trades again: ${changed} of them come to something else`;
      const asked = { subject: id, summary, reason, access };
      return { status: 202, json: await requestApproval(tx, rerunApproval, { rerunId: id, digest }, asked) };
    }),
  ),
];

const SORT = 'deal';

function keyIn(cursor: string): bigint {
  const { after } = pointOfCursor(cursor, SORT);
  if (!/^\d{1,18}$/.test(after)) throw cursorProblem();
  return BigInt(after);
}

async function changesShown(tx: TenantTx, rows: Awaited<ReturnType<typeof queries.tradesAfter>>) {
  const changes = rows.map((row) => ({ ...row, change: changeKept(row.change) }));
  const revisions = changes.flatMap(({ change }) => change.revisions);
  const names = await beneficiaryNames(
    tx,
    revisions.flatMap((revision) => revision.changes),
  );
  const versionKeys = [...new Set(revisions.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  const versions = new Map((await versionNames(tx, { versionKeys })).map((version) => [version.key, version]));
  const money = (units: bigint, currency: string | null) =>
    currency === null ? null : moneyJson({ units, currency: currency as Currency });
  return changes.map(({ dealKey, revision, change }) => ({
    tradeId: tradeIdOf(dealKey),
    revision,
    before: money(change.before.units, change.before.currency),
    after: money(change.revisions.at(-1)?.earningUnits ?? 0n, change.revisions.at(-1)?.currency ?? null),
    changes: change.revisions.flatMap(({ changes: parts, currency, planVersionKey }) =>
      parts.flatMap(({ kind, beneficiary, component, units }) => {
        const { word, id } = names(kind, beneficiary);
        const amount = money(units, currency);
        const components = versions.get(planVersionKey ?? 0)?.components ?? [];
        return amount === null ? [] : [{ kind: word, id, component: componentName(components, component), amount }];
      }),
    ),
  }));
}
