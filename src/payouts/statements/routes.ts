import type { ServerResponse } from 'node:http';
import type { z } from 'zod';
import { AwardId, TradeId } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import { type Route, type RouteRequest, route, streamRoute } from '../../platform/route.ts';
import { writeSlowly } from '../../platform/slow-writer.ts';
import type { TenantTx, WithTenant } from '../../platform/tenant-tx.ts';
import { entryCursor, entryPoint } from '../parties/points.ts';
import * as contract from './contract.ts';
import { csvDocument, fileNameOf, jsonDocument } from './documents.ts';
import { publicKeys } from './keys.ts';
import { type Letterhead, PDF_LINES_MAX, pdfOf } from './pdf.ts';
import { stateOf } from './rules.ts';
import {
  type FoundStatement,
  listStatements,
  pagesOfLines,
  type ShownLine,
  shownLines,
  statementWithin,
} from './service.ts';
import { statementLines } from './store.ts';
import { verifyStored, verifyUploaded } from './verification.ts';

export type StatementRouteDeps = {
  readonly withTenant: WithTenant;
  /** The names on a PDF: the tenant's, and the beneficiary's. */
  readonly letterheadOf: (tx: TenantTx, statement: FoundStatement) => Promise<Letterhead>;
};

/** The routes of statements. */
export const statementRoutes = (deps: StatementRouteDeps): Route[] => [
  route(contract.listStatements, ({ tenantId, origin, access: { reach }, query }) =>
    deps.withTenant(tenantId, origin, async (tx) => {
      const { limit, cursor, sort, ...filter } = query;
      const { rows, nextCursor } = await listStatements(tx, { reach, filter, page: { limit, cursor, sort } });
      return { status: 200, json: { data: rows.map(shown), nextCursor } };
    }),
  ),
  route(contract.readStatement, ({ tenantId, origin, access: { reach }, params }) =>
    deps.withTenant(tenantId, origin, async (tx) => ({
      status: 200,
      json: shown(await statementWithin(tx, reach, params.statementId)),
    })),
  ),
  route(contract.listStatementLines, ({ tenantId, origin, access: { reach }, params, query }) =>
    deps.withTenant(tenantId, origin, async (tx) => {
      const statement = await statementWithin(tx, reach, params.statementId);
      const after = query.cursor === undefined ? undefined : entryPoint(SORT, query.cursor);
      const found = await statementLines(tx, statement, { after, limit: query.limit + 1 });
      const lines = found.slice(0, query.limit);
      const last = lines.at(-1);
      const nextCursor = found.length > query.limit && last !== undefined ? entryCursor(SORT, last) : null;
      const data = (await shownLines(tx, statement, lines)).map((line) => lineShown(statement, line));
      return { status: 200, json: { data, nextCursor } };
    }),
  ),
  streamRoute(contract.downloadStatement, (request, { response }) => download(deps, request, response)),
  route(contract.verifyStatement, ({ tenantId, origin, access: { reach }, params }) =>
    deps.withTenant(tenantId, origin, async (tx) => ({
      status: 200,
      json: await verifyStored(tx, await statementWithin(tx, reach, params.statementId)),
    })),
  ),
  route(contract.verifyUpload, ({ tenantId, origin, access: { reach }, body }) =>
    deps.withTenant(tenantId, origin, async (tx) => ({ status: 200, json: await verifyUploaded(tx, reach, body) })),
  ),
  route(contract.listStatementKeys, ({ tenantId, origin }) =>
    deps.withTenant(tenantId, origin, async (tx) => ({
      status: 200,
      json: { keys: (await publicKeys(tx)).map(({ jwk }) => jwk) },
    })),
  ),
];

function shown(statement: FoundStatement): z.input<(typeof contract.readStatement.answers)[200]> {
  const { currency, openingUnits, earningUnits, adjustmentUnits } = statement;
  const money = (units: bigint) => moneyJson({ units, currency });
  return {
    id: statement.id,
    beneficiary: statement.beneficiary,
    number: statement.number,
    currency,
    period: { from: statement.startsAt?.toISOString() ?? null, to: statement.endsAt.toISOString() },
    issuedAt: statement.issuedAt.toISOString(),
    state: stateOf(statement),
    paidAt: statement.paidAt?.toISOString() ?? null,
    opening: money(openingUnits),
    earnings: money(earningUnits),
    adjustments: money(adjustmentUnits),
    total: money(openingUnits + earningUnits + adjustmentUnits),
    payable: money(statement.payableUnits),
    carried: money(statement.carriedUnits),
    receivableNetted: money(statement.nettedUnits),
    lines: statement.lines,
    hash: statement.hash,
    previousHash: statement.previousHash,
    signature: { alg: 'ES256', kid: statement.kid, value: statement.signature },
  };
}

const lineShown = ({ currency }: FoundStatement, { id, amount, ...line }: ShownLine) => ({
  ...line,
  id: line.kind === 'trade' ? TradeId.parse(id) : AwardId.parse(id),
  amount: { amount, currency },
});

const SORT = 'line';
/** Writes a statement as a file, its lines a page at a time; a PDF is made whole. */
async function download(
  { withTenant, letterheadOf }: StatementRouteDeps,
  request: RouteRequest<typeof contract.downloadStatement>,
  response: ServerResponse,
): Promise<void> {
  const { tenantId, origin, access, params, query } = request;
  const inTenant = <T>(work: (tx: TenantTx) => Promise<T>): Promise<T> => withTenant(tenantId, origin, work);
  const { statement, letterhead } = await inTenant(async (tx) => {
    const found = await statementWithin(tx, access.reach, params.statementId);
    return { statement: found, letterhead: await letterheadOf(tx, found) };
  });
  const headers = {
    'Content-Disposition': `attachment; filename="${fileNameOf(statement, query.format)}"`,
    'Cache-Control': 'no-store',
  };
  if (query.format === 'pdf') {
    const lines: ShownLine[] = [];
    for await (const page of pagesOfLines(inTenant, statement)) {
      lines.push(...page);
      if (lines.length >= PDF_LINES_MAX) break;
    }
    const bytes = await pdfOf(statement, lines.slice(0, PDF_LINES_MAX), letterhead);
    response.writeHead(200, { ...headers, 'Content-Type': 'application/pdf', 'Content-Length': bytes.length });
    response.end(bytes);
    return;
  }
  const document = query.format === 'json' ? jsonDocument(statement) : csvDocument(statement);
  response.writeHead(200, { ...headers, 'Content-Type': document.contentType });
  if (!(await writeSlowly(response, document.head))) return;
  let isFirst = true;
  for await (const page of pagesOfLines(inTenant, statement)) {
    if (!(await writeSlowly(response, document.page(page, isFirst)))) return;
    isFirst = false;
  }
  response.end(document.tail);
}
