import type { ServerResponse } from 'node:http';
import type { Guard } from '../../platform/access.ts';
import { type Route, type RouteRequest, route, streamRoute } from '../../platform/route.ts';
import { writeSlowly } from '../../platform/slow-writer.ts';
import type { RealmOf } from '../realm.ts';
import * as contract from './contract.ts';
import { auditProblem } from './errors.ts';
import { formats } from './formats.ts';
import { partsOf } from './rules.ts';
import { auditPage, beginExport } from './service.ts';

/** Exports that one process writes at a time for one tenant. */
const EXPORTS_MAX = 2;

/** What the routes stand on; the guard is asked again while an export runs, for a session may end meanwhile. */
export type AuditRouteDeps = { readonly realmOf: RealmOf; readonly guard: Guard };

/** How often session and right are looked at again: what ends them ends an export within 5 s. */
const RECHECK_MS = 2_000;

/** The audit trail: a tenant's own for its people, the installation's for operators. */
export function auditRoutes(deps: AuditRouteDeps): Route[] {
  const { realmOf } = deps;
  const running = new Map<string, number>();
  const exported = async (request: ExportRequest, { response }: { response: ServerResponse }): Promise<void> => {
    const place = request.tenantId ?? 'installation';
    const count = running.get(place) ?? 0;
    if (count >= EXPORTS_MAX) throw auditProblem('identity.exports_running', { retryAfterSeconds: 10 });
    running.set(place, count + 1);
    try {
      await writeExport(deps, request, response);
    } finally {
      const left = (running.get(place) ?? 1) - 1;
      if (left === 0) running.delete(place);
      else running.set(place, left);
    }
  };
  return [
    route(contract.listAudit, (request) => listed(realmOf, request)),
    route(contract.listOperatorAudit, (request) => listed(realmOf, request)),
    streamRoute(contract.exportAudit, exported),
    streamRoute(contract.exportOperatorAudit, exported),
  ];
}

type ListRequest = RouteRequest<typeof contract.listAudit | typeof contract.listOperatorAudit>;
type ExportRequest = RouteRequest<typeof contract.exportAudit | typeof contract.exportOperatorAudit>;

async function listed(realmOf: RealmOf, { tenantId, origin, query }: ListRequest) {
  const { limit, cursor, sort, ...filter } = query;
  const { entries, nextCursor } = await realmOf({ tenantId }).run(origin, (tx) =>
    auditPage(tx, filter, { limit, cursor, sort }),
  );
  const data = entries.map(({ actor, event }) => ({
    seq: event.seq.toString(),
    recordedAt: event.recordedAt.toISOString(),
    actor,
    type: event.type,
    stream: event.stream,
    version: event.version,
    ...partsOf(event.payload),
    causation: event.causation,
    hash: event.hash.toString('hex'),
  }));
  return { status: 200, json: { data, nextCursor } } as const;
}

async function writeExport(deps: AuditRouteDeps, request: ExportRequest, response: ServerResponse): Promise<void> {
  const { format, ...filter } = request.query;
  const { contentType, head, line } = formats[format];
  const begun = await beginExport(deps.realmOf(request), request.origin, filter, format);
  response.writeHead(200, {
    'Content-Type': contentType,
    'Content-Disposition': `attachment; filename="audit.${format}"`,
    'Cache-Control': 'no-store',
    'Cascade-Chain-Head': `${begun.head.seq}:${begun.head.hash.toString('hex')}`,
  });
  if (head !== '') response.write(head);
  let checkedMs = performance.now();
  for await (const run of begun.runs) {
    const isRead = await writeSlowly(response, run.map(line).join(''));
    if (!isRead) return;
    if (performance.now() - checkedMs < RECHECK_MS) continue;
    await mayStillExport(deps.guard, request); // A refusal cuts the answer off: nobody takes half of it for the whole.
    checkedMs = performance.now();
  }
  response.end();
}

async function mayStillExport(guard: Guard, request: ExportRequest): Promise<void> {
  const { tenantId, requestId, remoteAddress, headers } = request;
  const operation = tenantId === null ? contract.exportOperatorAudit : contract.exportAudit;
  const caller = await guard.authenticate(headers['authorization'], { tenantId, remoteAddress });
  await guard.authorize(caller, operation, { tenantId, requestId });
}
