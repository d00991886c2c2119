import canonicalize from 'canonicalize';
import { componentName, versionNames } from '../../commissions/index.ts';
import type { Currency } from '../../kernel/currency.ts';
import { awardIdOf, type StatementId, tradeIdOf } from '../../kernel/ids.ts';
import { formatAmount } from '../../kernel/money.ts';
import type { Reach } from '../../platform/access.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { payoutsProblem } from '../errors.ts';
import type { EntryPoint } from '../parties/points.ts';
import { idsOfParties, type PartyId, partiesWithin, partyParams } from '../parties/service.ts';
import * as queries from './queries.ts';
import { findStatement, type StatementLine, statementLines, statementOfRow } from './store.ts';
import type { StoredStatement, StatementState } from './types.ts';

/** A statement with whose it is. */
export type FoundStatement = StoredStatement & { readonly beneficiary: PartyId };

/** What a list of statements is narrowed to. */
export type StatementFilter = {
  readonly beneficiary?: PartyId | undefined;
  readonly currency?: Currency | undefined;
  readonly state?: StatementState | undefined;
  /** Of periods that ended then or later. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
};

type Asked = {
  readonly reach: Reach;
  readonly filter: StatementFilter;
  readonly page: PageAsked<'issuedAt'>;
};

/** A page of the statements within reach. */
export async function listStatements(tx: TenantTx, { reach, filter, page }: Asked): Promise<Page<FoundStatement>> {
  const { beneficiary, currency, state, from, to } = filter;
  const whose = await partiesWithin(tx, reach, beneficiary);
  if (whose === 'nobody') return { rows: [], nextCursor: null };
  const found = await queries.pageOfStatements(tx, { ...partyParams(whose), currency, state, from, to }, page);
  const rows = found.rows.map(statementOfRow);
  const idOf = await idsOfParties(
    tx,
    rows.map(({ party }) => party),
  );
  return { ...found, rows: rows.map((row) => ({ ...row, beneficiary: idOf(row.party) })) };
}

/** One statement within reach; `payouts.statement_unknown`. */
export async function statementWithin(tx: TenantTx, reach: Reach, id: StatementId): Promise<FoundStatement> {
  const whose = await partiesWithin(tx, reach, undefined);
  const found = whose === 'nobody' ? undefined : await findStatement(tx, id, whose);
  if (found === undefined) throw payoutsProblem('payouts.statement_unknown', { detail: id });
  const idOf = await idsOfParties(tx, [found.party]);
  return { ...found, beneficiary: idOf(found.party) };
}

/** A line as people read it: which trade or award, by which rule, for which level, how much. */
export type ShownLine = {
  readonly kind: 'trade' | 'award';
  readonly id: string;
  readonly revision: number;
  readonly rule: { readonly plan: string; readonly version: number; readonly component: string } | null;
  readonly level: number | null;
  readonly earnedAt: string;
  readonly amount: string;
  readonly isAdjustment: boolean;
};

/** Lines with the names of what they point to; all of it never changes. */
export async function shownLines(
  tx: TenantTx,
  statement: StoredStatement,
  lines: readonly StatementLine[],
): Promise<ShownLine[]> {
  const keys = [...new Set(lines.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  const versions = new Map(
    (keys.length === 0 ? [] : await versionNames(tx, { versionKeys: keys })).map((version) => [version.key, version]),
  );
  return lines.map(({ source, sourceKey, revision, component, depth, units, earnedAt, planVersionKey }) => {
    const version = planVersionKey === null ? undefined : versions.get(planVersionKey);
    return {
      kind: source,
      id: source === 'trade' ? tradeIdOf(sourceKey) : awardIdOf(sourceKey),
      revision,
      rule:
        version === undefined
          ? null
          : {
              plan: version.plan,
              version: version.number,
              component: componentName(version.components, component),
            },
      level: statement.party.kind === 'ib' ? depth : null,
      earnedAt: earnedAt.toISOString(),
      amount: formatAmount({ units, currency: statement.currency }),
      isAdjustment: statement.startsAt !== null && earnedAt < statement.startsAt,
    };
  });
}

/** Lines that are read and written at a time. */
const LINES_PER_PAGE = 1_000;

/** All lines of a statement, a page at a time, each page in a transaction of its own: they never change. */
export async function* pagesOfLines(
  inTenant: <T>(work: (tx: TenantTx) => Promise<T>) => Promise<T>,
  statement: StoredStatement,
): AsyncGenerator<readonly ShownLine[]> {
  let after: EntryPoint | undefined;
  for (;;) {
    const behind = after;
    const { lines, shown } = await inTenant(async (tx) => {
      const found = await statementLines(tx, statement, { after: behind, limit: LINES_PER_PAGE });
      return { lines: found, shown: await shownLines(tx, statement, found) };
    });
    if (shown.length > 0) yield shown;
    after = lines.at(-1);
    if (lines.length < LINES_PER_PAGE) return;
  }
}

/** The canonical form (RFC 8785) of something. */
export function canonical(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('it has no canonical form');
  return text;
}
