import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../kernel/clock.ts';
import type { OperationId, TenantId } from '../kernel/ids.ts';
import { hint } from '../platform/events/index.ts';
import type { Logger } from '../platform/logger.ts';
import { type Route, route, streamRoute } from '../platform/route.ts';
import { pipeSlowly } from '../platform/slow-writer.ts';
import type { ControlTx } from '../platform/tenant-tx.ts';
import { resumeTenant, suspendTenant } from './acts.ts';
import * as contract from './contract.ts';
import { registerTenant, tenantNow } from './creation.ts';
import { tenancyProblem } from './errors.ts';
import { migrationNames } from './migrations.ts';
import { deliverNotices, tellTenant } from './notices/service.ts';
import * as operations from './operations/queries.ts';
import { operationNow, requestOperation } from './operations/service.ts';
import type { OperationKind, TenantOperation } from './operations/types.ts';
import { usagePage } from './quotas/queries.ts';
import { quotasOf, setQuotas } from './quotas/service.ts';
import * as queries from './queries.ts';
import type { Tenancy } from './service.ts';

/** What the operators' routes need. */
export type TenancyRoutesDeps = {
  readonly tenancy: Tenancy;
  /** Puts an operation on the queue, after the commit; never fails. */
  readonly nudgeOperation: (operationId: OperationId) => Promise<void>;
  /** Where the files of exports are. */
  readonly exportsFolder: () => string;
  readonly clock: Clock;
  readonly log: Logger;
};

/** The operators' routes about tenants, on the bare host. */
export const tenancyRoutes = (deps: TenancyRoutesDeps): Route[] => [
  ...readingRoutes(deps),
  ...actingRoutes(deps),
  ...longRoutes(deps),
  streamRoute(contract.downloadExport, ({ params: { operationId, name }, origin }, { response }) =>
    download(deps, response, { operationId, name, origin }),
  ),
];

function readingRoutes({ tenancy }: TenancyRoutesDeps): Route[] {
  const { withControl } = tenancy;
  return [
    route(contract.listTenants, async ({ query: { status = null, q = null, ...page } }) => {
      const { rows, nextCursor } = await withControl((tx) => queries.tenantsPage(tx, { status, q }, page));
      return { status: 200, json: { data: rows.map(listed), nextCursor } };
    }),
    route(contract.readTenant, async ({ params: { tenantId } }) => ({
      status: 200,
      json: await shownTenant(tenancy, tenantId),
    })),
    route(contract.readTenantUsage, async ({ params: { tenantId }, query }) => {
      const { rows, nextCursor } = await withControl(async (tx) => {
        await tenantNow(tx, tenantId);
        return usagePage(tx, { tenantId }, query);
      });
      return { status: 200, json: { data: rows.map(shownDay), nextCursor } };
    }),
    route(contract.listOperations, async ({ query: { tenantId = null, state = null, ...page } }) => {
      const { rows, nextCursor } = await withControl((tx) => operations.operationsPage(tx, { tenantId, state }, page));
      return { status: 200, json: { data: rows.map(shownOperation), nextCursor } };
    }),
    route(contract.readOperation, async ({ params: { operationId } }) => ({
      status: 200,
      json: shownOperation(await withControl((tx) => operationNow(tx, operationId))),
    })),
  ];
}

function actingRoutes(deps: TenancyRoutesDeps): Route[] {
  const { tenancy, log } = deps;
  /** Makes the act count here at once, and tells the tenant; what fails of that is done by the sweeper. */
  const afterwards = async (tenantId: TenantId): Promise<void> => {
    tenancy.forget();
    await deliverNotices({ ...tenancy, log }, tenantId).catch((error: unknown) =>
      log.warn({ err: error, tenantId }, 'a tenant is told later what was done'),
    );
  };
  return [
    route(contract.suspendTenantOperation, async ({ params: { tenantId }, body: { reason }, origin }) => {
      await tenancy.withControl((tx) => suspendTenant(tx, tenantId, reason), origin);
      await afterwards(tenantId);
      return { status: 200, json: await shownTenant(tenancy, tenantId) };
    }),
    route(contract.resumeTenantOperation, async ({ params: { tenantId }, origin }) => {
      await tenancy.withControl((tx) => resumeTenant(tx, tenantId), origin);
      await afterwards(tenantId);
      for (const audience of ['sweeper', 'relay'] as const)
        await hint(tenancy.withControl, [tenantId], audience).catch((error: unknown) =>
          log.warn({ err: error, tenantId }, 'a resumed tenant is visited in its turn'),
        );
      return { status: 200, json: await shownTenant(tenancy, tenantId) };
    }),
    route(contract.setTenantQuotas, async ({ params: { tenantId }, body, origin }) => {
      const { tradesPerDayExpected: expected } = body;
      const quotas = { ...body, tradesPerDayExpected: expected === null ? null : BigInt(expected) };
      await tenancy.withControl(async (tx) => {
        await tenantNow(tx, tenantId);
        await setQuotas(tx, tenantId, quotas);
      }, origin);
      await afterwards(tenantId);
      return { status: 200, json: body };
    }),
  ];
}

function longRoutes(deps: TenancyRoutesDeps): Route[] {
  const { tenancy, clock } = deps;
  const { withControl } = tenancy;
  /** Records what is to be done, and answers with it before it is done. */
  const begin = async (
    origin: Parameters<typeof withControl>[1],
    ask: (tx: ControlTx) => Promise<{ kind: OperationKind; tenantId: TenantId; reason: string | null }>,
  ) => {
    const asked = await withControl(async (tx) => requestOperation(tx, clock, await ask(tx)), origin);
    await deps.nudgeOperation(asked.id);
    const headers = { Location: `/api/v1/operations/${asked.id}` };
    return { status: 202, headers, json: shownOperation(asked) } as const;
  };
  return [
    route(contract.createTenantOperation, ({ body, origin }) =>
      begin(origin, async (tx) => {
        const { id } = await registerTenant(tx, tenancy.creation, { ...body, completes: true });
        return { kind: 'create', tenantId: id, reason: null };
      }),
    ),
    route(contract.migrateTenantOperation, ({ params: { tenantId }, origin }) =>
      begin(origin, async (tx) => {
        await refuseUnmade(tx, tenantId);
        return { kind: 'migrate', tenantId, reason: null };
      }),
    ),
    route(contract.exportTenantOperation, ({ params: { tenantId }, body: { reason }, origin }) =>
      begin(origin, async (tx) => {
        await refuseUnmade(tx, tenantId);
        await refuseTooMany(tx, tenantId);
        return { kind: 'export', tenantId, reason };
      }),
    ),
  ];
}

async function refuseUnmade(tx: ControlTx, tenantId: TenantId): Promise<void> {
  const { status } = await tenantNow(tx, tenantId);
  if (status === 'provisioning') throw tenancyProblem('tenancy.not_active', { detail: 'It is still being made' });
}

async function refuseTooMany(tx: ControlTx, tenantId: TenantId): Promise<void> {
  const { exportsPerDay } = await quotasOf(tx, tenantId);
  const [today] = await operations.exportsToday(tx, { tenantId });
  if (today === undefined || today.exports < exportsPerDay) return;
  throw tenancyProblem('tenancy.exports_exhausted', {
    detail: `${today.exports} of ${exportsPerDay}`,
    retryAfterSeconds: today.secondsLeft,
  });
}

type Asked = {
  readonly operationId: TenantOperation['id'];
  readonly name: string;
  readonly origin: Parameters<Tenancy['withControl']>[1];
};

/** Sends a file that an export has made, and no other: its name is looked up among them. */
async function download(deps: TenancyRoutesDeps, response: ServerResponse, asked: Asked): Promise<void> {
  const { withControl } = deps.tenancy;
  const { operation, slug } = await withControl(async (tx) => {
    const found = await operationNow(tx, asked.operationId);
    return { operation: found, slug: (await tenantNow(tx, found.tenantId)).slug };
  });
  const file = operation.result?.files?.find((each) => each.name === asked.name);
  if (file === undefined || operation.expiredAt !== null) throw tenancyProblem('tenancy.operation_unknown');
  const place = path.join(deps.exportsFolder(), slug, operation.id, file.name);
  const found = await stat(place).catch(() => undefined);
  if (found?.size !== file.bytes)
    throw tenancyProblem('tenancy.operation_unknown', { detail: 'The file is not where this process looks for it' });
  await withControl(
    (tx) =>
      tellTenant(tx, operation.tenantId, {
        type: 'tenancy.export_downloaded',
        payload: { operationId: operation.id, file: file.name },
      }),
    asked.origin,
  );
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': file.bytes,
    'Content-Disposition': `attachment; filename="${slug}-${file.name}"`,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Repr-Digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
  });
  await pipeSlowly(createReadStream(place), response);
}

async function shownTenant({ withControl, migrations }: Tenancy, tenantId: TenantId) {
  const latest = (await migrationNames(migrations)).at(-1);
  return withControl(async (tx) => {
    const [tenant] = await queries.tenantForOperator(tx, { tenantId });
    if (tenant === undefined) throw tenancyProblem('tenancy.tenant_unknown');
    const { suspendedAt, suspensionReason, createdAt, ...rest } = tenant;
    const quotas = await quotasOf(tx, tenantId);
    return {
      ...rest,
      createdAt: createdAt.toISOString(),
      isCurrent: tenant.schemaVersion === latest,
      suspension: suspendedAt === null ? null : { since: suspendedAt.toISOString(), reason: suspensionReason ?? '' },
      quotas: { ...quotas, tradesPerDayExpected: quotas.tradesPerDayExpected?.toString() ?? null },
    };
  });
}

type Listed = { readonly createdAt: Date };
const listed = <Row extends Listed>({ createdAt, ...row }: Row) => ({ ...row, createdAt: createdAt.toISOString() });

const text = (value: bigint | null): string | null => value?.toString() ?? null;

const shownDay = (row: Awaited<ReturnType<typeof usagePage>>['rows'][number]) => ({
  day: row.day,
  requests: row.requests.toString(),
  trades: row.trades.toString(),
  users: text(row.users),
  clients: text(row.clients),
  databaseBytes: text(row.databaseBytes),
  tradesDue: text(row.tradesDue),
  sampledAt: row.sampledAt?.toISOString() ?? null,
});

const shownOperation = (operation: TenantOperation) => ({
  id: operation.id,
  kind: operation.kind,
  tenantId: operation.tenantId,
  state: operation.state,
  requestedBy: operation.requestedBy,
  reason: operation.reason,
  progress: { done: operation.progressDone, total: operation.progressTotal },
  result:
    operation.result === null
      ? null
      : {
          applied: operation.result.applied ?? null,
          rows: operation.result.rows ?? null,
          files: operation.expiredAt === null ? (operation.result.files ?? null) : null,
        },
  problem: operation.problem,
  createdAt: operation.createdAt.toISOString(),
  startedAt: operation.startedAt?.toISOString() ?? null,
  finishedAt: operation.finishedAt?.toISOString() ?? null,
});
