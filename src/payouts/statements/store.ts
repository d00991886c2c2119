import type { Currency } from '../../kernel/currency.ts';
import type { StatementId } from '../../kernel/ids.ts';
import { type AccountRef, balancesOfOwners } from '../../ledger/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { EntryPoint } from '../parties/points.ts';
import { partyOfRow, partyParams } from '../parties/service.ts';
import { PARTY_KINDS, type Party, type PartyKind, type UnpaidStatement } from '../types.ts';
import * as queries from './queries.ts';
import type { Extent, StoredStatement } from './types.ts';

type Row = Awaited<ReturnType<typeof queries.statementOfId>>[number];

/** A stored row as a statement. */
export function statementOfRow({ kind, party, beforeEndsAt, beforeCutBatch, ...row }: Row): StoredStatement {
  const before =
    beforeEndsAt === null || beforeCutBatch === null ? null : { endsAt: beforeEndsAt, cutBatch: beforeCutBatch };
  return { ...row, party: partyOfRow({ kind, party }), before };
}

/** The statement of an id, where it is one of those asked for; undefined where there is none. */
export async function findStatement(
  tx: TenantTx,
  id: StatementId,
  whose: Party | 'everybody',
): Promise<StoredStatement | undefined> {
  const [row] = await queries.statementOfId(tx, { id, ...partyParams(whose) });
  return row === undefined ? undefined : statementOfRow(row);
}

/** A line of a statement, in ledger units of its currency. */
export type StatementLine = Awaited<ReturnType<typeof queries.tradeLines>>[number];

const FIRST = { sourceKey: -1n, revision: 0, component: 0 };

/** The lines of a statement behind one of them, awards first, at most `limit`; they are the same for ever. */
export async function statementLines(
  tx: TenantTx,
  extent: Extent,
  { after, limit }: { readonly after?: EntryPoint | undefined; readonly limit: number },
): Promise<StatementLine[]> {
  const { firstDeal, lastDeal, firstAward, lastAward } = extent;
  const awards =
    firstAward === null || after?.source === 'trade'
      ? []
      : await queries.awardLines(tx, { ...asked(extent, after), firstKey: firstAward, lastKey: lastAward, limit });
  if (firstDeal === null || awards.length === limit) return awards;
  const behind = after?.source === 'trade' ? after : undefined;
  const range = { ...asked(extent, behind), firstKey: behind?.sourceKey ?? firstDeal, lastKey: lastDeal };
  return [...awards, ...(await queries.tradeLines(tx, { ...range, limit: limit - awards.length }))];
}

function asked({ party, currency, endsAt, cutBatch, before }: Extent, after: EntryPoint | undefined) {
  const { sourceKey, revision, component } = after ?? FIRST;
  return {
    kind: PARTY_KINDS[party.kind],
    party: party.key,
    currency,
    endsAt,
    cutBatch,
    beforeEndsAt: before?.endsAt,
    beforeCutBatch: before?.cutBatch,
    afterKey: sourceKey,
    afterRevision: revision,
    afterComponent: component,
  };
}

/** A line as it goes into the hash over all lines; they are joined by line feeds. */
export const lineText = ({ source, sourceKey, revision, component, depth, earnedAt, units }: StatementLine): string =>
  [source, sourceKey, revision, component, depth, earnedAt.getTime(), units].join('|');

/**
 * Statements that payout runs may pay, by their keys: said to be payable, paid by none, and the beneficiary not on hold now. At
 * most `limit`, behind `after`.
 */
export async function unpaidStatements(
  tx: TenantTx,
  asked: {
    readonly after?: bigint;
    readonly limit: number;
    readonly currency?: Currency;
    readonly partyKind?: PartyKind;
  },
): Promise<UnpaidStatement[]> {
  const { after = 0n, limit, currency, partyKind } = asked;
  const kind = partyKind === undefined ? null : PARTY_KINDS[partyKind];
  const rows = await queries.unpaidStatements(tx, { after, limit, currency, kind });
  return rows.map(({ kind: kindNumber, party, ...row }) => ({
    ...row,
    party: partyOfRow({ kind: kindNumber, party }),
  }));
}

/**
 * What may be paid out to each beneficiary at most, in ledger units and the order asked: what the house owes it, less what is
 * held of it and what it owes back. To be asked behind `holdSettlement`. Less than its unpaid statements, or below 0, where
 * more was taken back than was left; its next statements net that.
 */
export async function freeOf(tx: TenantTx, parties: readonly Party[], currency: Currency): Promise<bigint[]> {
  const accounts = await balancesOfOwners(
    tx,
    parties.flatMap(({ kind, key: owner }): AccountRef[] =>
      PURPOSES[kind].map((purpose): AccountRef => ({ purpose, owner, currency })),
    ),
  );
  const sums = new Map<string, bigint>();
  for (const { purpose, owner, free, balance } of accounts) {
    const kind: PartyKind = PURPOSES.ib.some((each) => each === purpose) ? 'ib' : 'client';
    const name = `${kind} ${owner}`;
    sums.set(name, (sums.get(name) ?? 0n) + (purpose === PURPOSES[kind][0] ? free : -balance));
  }
  return parties.map(({ kind, key }) => sums.get(`${kind} ${key}`) ?? 0n);
}

/** The accounts of what is owed to beneficiaries, and of what they owe back. */
export const PURPOSES = {
  ib: ['ib_payable', 'ib_receivable'],
  client: ['trader_rebate_payable', 'trader_rebate_receivable'],
} as const satisfies Record<PartyKind, readonly [AccountRef['purpose'], AccountRef['purpose']]>;
