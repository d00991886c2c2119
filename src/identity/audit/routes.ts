import type { ServerResponse } from 'node:http';
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

/** The audit trail: a tenant's own for its people, the installation's for operators. */
export function auditRoutes({ realmOf }: { readonly realmOf: RealmOf }): Route[] {
  const running = new Map<string, number>();
  const exported = async (request: ExportRequest, { response }: { response: ServerResponse }): Promise<void> => {
    const place = request.tenantId ?? 'installation';
    const count = running.get(place) ?? 0;
    if (count >= EXPORTS_MAX) throw auditProblem('identity.exports_running', { retryAfterSeconds: 10 });
    running.set(place, count + 1);
    try {
      await writeExport(realmOf, request, response);
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

async function writeExport(realmOf: RealmOf, request: ExportRequest, response: ServerResponse): Promise<void> {
  const { format, ...filter } = request.query;
  const { contentType, head, line } = formats[format];
  const begun = await beginExport(realmOf(request), request.origin, filter, format);
  response.writeHead(200, {
    'Content-Type': contentType,
    'Content-Disposition': `attachment; filename="audit.${format}"`,
    'Cache-Control': 'no-store',
    'Cascade-Chain-Head': `${begun.head.seq}:${begun.head.hash.toString('hex')}`,
  });
  if (head !== '') response.write(head);
  for await (const run of begun.runs) {
    const isRead = await writeSlowly(response, run.map(line).join(''));
    if (!isRead) return;
  }
  response.end();
}
