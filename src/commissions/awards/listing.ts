import { clientIdsOf, clientKeyOf } from '../../clients/index.ts';
import { ibIdsOf } from '../../ib/index.ts';
import { type AwardId, awardIdOf, type ClientId, type IbId } from '../../kernel/ids.ts';
import { moneyJson } from '../../kernel/money.ts';
import type { Reach } from '../../platform/access.ts';
import { cursorAt, cursorProblem, type Page, pointOfCursor } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { componentName } from '../contract.ts';
import { versionNames } from '../plans/queries.ts';
import { type Whose, whoseOf } from '../rebates/service.ts';
import * as queries from './queries.ts';

/** Awards that one request looks at: rounds of so many. */
const LOOKED_AT_MAX = 1_000;
const ROUNDS_MAX = 5;
const SORT = '-award';

export type AwardRow = Awaited<ReturnType<typeof queries.awardsOfAll>>[number];

export type AwardFilter = {
  readonly kind?: string | undefined;
  readonly beneficiary?: IbId | ClientId | undefined;
  readonly clientId?: ClientId | undefined;
};

/** An award as it is shown: to IBs and clients with their own part alone. */
export type ShownAward = {
  readonly id: AwardId;
  readonly kind: string;
  readonly component: string | null;
  readonly plan: { readonly name: string; readonly version: number } | null;
  readonly clientId: ClientId | null;
  readonly ibId: IbId | null;
  readonly amount: ReturnType<typeof moneyJson> | null;
  readonly parts: readonly {
    readonly kind: 'ib' | 'client' | 'house';
    readonly id: IbId | ClientId | null;
    readonly depth: number | null;
    readonly amount: ReturnType<typeof moneyJson>;
  }[];
  readonly earnedAt: string;
  readonly awardedAt: string;
};

/** A page of the awards within reach, newest first. It may be short while there are more: what a request looks at is bounded. */
export async function listAwards(
  tx: TenantTx,
  asked: {
    readonly reach: Reach;
    readonly filter: AwardFilter;
    readonly page: { readonly limit: number; readonly cursor?: string | undefined };
  },
): Promise<Page<ShownAward>> {
  const { reach, filter, page } = asked;
  const whose = await whoseOf(tx, reach, filter.beneficiary);
  const clientKey = filter.clientId === undefined ? undefined : await clientKeyOf(tx, filter.clientId);
  let after = page.cursor === undefined ? null : keyIn(page.cursor);
  if (whose === 'nobody' || clientKey === null) return { rows: [], nextCursor: null };
  const isWanted = (row: AwardRow): boolean =>
    (filter.kind === undefined || row.kind === filter.kind) && (clientKey === undefined || row.clientKey === clientKey);
  const isNarrow = filter.kind !== undefined || (clientKey !== undefined && whose !== 'everybody');
  const limit = isNarrow ? LOOKED_AT_MAX : page.limit + 1;
  const rows: AwardRow[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const looked = await next(tx, { whose, clientKey, after, limit });
    rows.push(...looked.filter(isWanted));
    const last = rows[page.limit - 1];
    if (rows.length > page.limit && last !== undefined)
      return { rows: await shown(tx, rows.slice(0, page.limit), whose), nextCursor: cursorOf(last.key) };
    after = looked.at(-1)?.key ?? null;
    if (looked.length < limit || after === null) return { rows: await shown(tx, rows, whose), nextCursor: null };
  }
  return { rows: await shown(tx, rows, whose), nextCursor: after === null ? null : cursorOf(after) };
}

function next(
  tx: TenantTx,
  asked: {
    readonly whose: Exclude<Whose, 'nobody'>;
    readonly clientKey: number | undefined;
    readonly after: bigint | null;
    readonly limit: number;
  },
): Promise<AwardRow[]> {
  const { whose, clientKey, after, limit } = asked;
  if (whose !== 'everybody') return queries.awardsOfBeneficiary(tx, { ...whose, after, limit });
  return clientKey === undefined
    ? queries.awardsOfAll(tx, { after, limit })
    : queries.awardsOfClient(tx, { clientKey, after, limit });
}

/** Awards with the names of what they point to; whoever does not see all sees neither the whole nor anybody else's part. */
export async function shown(
  tx: TenantTx,
  rows: readonly AwardRow[],
  whose: Exclude<Whose, 'nobody'>,
): Promise<ShownAward[]> {
  if (rows.length === 0) return [];
  const parts = await queries.partsOfAwards(tx, { awardKeys: rows.map(({ key }) => key) });
  const keysOf = (kind: number): number[] => parts.filter((part) => part.kind === kind).map((part) => part.beneficiary);
  const ibs = await ibIdsOf(tx, [...keysOf(KIND_NUMBERS.ib), ...rows.flatMap(({ ibKey }) => ibKey ?? [])]);
  const clients = await clientIdsOf(tx, [
    ...keysOf(KIND_NUMBERS.client),
    ...rows.flatMap(({ clientKey }) => clientKey ?? []),
  ]);
  const versionKeys = [...new Set(rows.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  const versions = new Map((await versionNames(tx, { versionKeys })).map((version) => [version.key, version]));
  const seesAll = whose === 'everybody';
  return rows.map((row): ShownAward => {
    const version = versions.get(row.planVersionKey ?? 0);
    const own = parts.filter(
      (part) =>
        part.awardKey === row.key &&
        (whose === 'everybody' || (part.kind === whose.kind && part.beneficiary === whose.beneficiary)),
    );
    const seesIb = seesAll || (whose.kind === KIND_NUMBERS.ib && whose.beneficiary === row.ibKey);
    return {
      id: awardIdOf(row.key),
      kind: row.kind,
      component: version === undefined ? null : componentName(version.components, row.component),
      plan: version === undefined ? null : { name: version.plan, version: version.number },
      clientId: clients.get(row.clientKey ?? 0) ?? null,
      ibId: seesIb ? (ibs.get(row.ibKey ?? 0) ?? null) : null,
      amount: seesAll ? moneyJson(row) : null,
      parts: own.map(({ kind, beneficiary, depth, units }) => {
        const of = kind === KIND_NUMBERS.ib ? 'ib' : kind === KIND_NUMBERS.client ? 'client' : 'house';
        const id = of === 'ib' ? ibs.get(beneficiary) : of === 'client' ? clients.get(beneficiary) : undefined;
        return {
          kind: of,
          id: id ?? null,
          depth: of === 'ib' ? depth : null,
          amount: moneyJson({ units, currency: row.currency }),
        };
      }),
      earnedAt: row.earnedAt.toISOString(),
      awardedAt: row.awardedAt.toISOString(),
    };
  });
}

const cursorOf = (key: bigint): string => cursorAt(SORT, String(key), '');

function keyIn(cursor: string): bigint {
  const { after, afterId } = pointOfCursor(cursor, SORT);
  const isKey = afterId === '' && /^\d{1,18}$/.test(after);
  if (!isKey) throw cursorProblem();
  return BigInt(after);
}
