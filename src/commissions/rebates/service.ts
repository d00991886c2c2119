import { type ClientId, IbId, keyOfId, type TradeId } from '../../kernel/ids.ts';
import { clientIdsOf, clientKeyOf } from '../../clients/index.ts';
import { ibIdsOf, ibKeys } from '../../ib/index.ts';
import type { Reach } from '../../platform/access.ts';
import { cursorAt, cursorProblem, type Page, pointOfCursor } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { versionNames } from '../plans/queries.ts';
import * as queries from './queries.ts';

/** Rebates that one request looks at: rounds of so many. */
const LOOKED_AT_MAX = 1_000;
const ROUNDS_MAX = 5;
const SORT = '-deal';

type Row = Awaited<ReturnType<typeof queries.rebatesOfAll>>[number];
type Kind = keyof typeof KIND_NUMBERS;

/** A rebate with the names of what it points to. */
export type FoundRebate = Row & {
  readonly to: { readonly kind: Kind; readonly id: IbId | ClientId | null };
  readonly version: Awaited<ReturnType<typeof versionNames>>[number];
};

export type RebateFilter = {
  readonly beneficiary?: IbId | ClientId | undefined;
  readonly trade?: TradeId | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
};

type Asked = {
  readonly reach: Reach;
  readonly filter: RebateFilter;
  readonly page: { readonly limit: number; readonly cursor?: string | undefined };
};

/** Whose rebates are asked for: everybody's, one's, or nobody's. */
export type Whose = { readonly kind: number; readonly beneficiary: number } | 'everybody' | 'nobody';

/**
 * A page of the rebates within reach, those of the newest deals first: all, or the caller's own. It may be short while
 * there are more: what a request looks at is bounded.
 */
export async function listRebates(tx: TenantTx, { reach, filter, page }: Asked): Promise<Page<FoundRebate>> {
  const whose = await whoseOf(tx, reach, filter.beneficiary);
  const dealKey = filter.trade === undefined ? null : keyOfId(filter.trade);
  const none: Page<FoundRebate> = { rows: [], nextCursor: null };
  let after = page.cursor === undefined ? null : pointIn(page.cursor);
  if (whose === 'nobody' || dealKey === undefined) return none;
  const isNarrow = filter.from !== undefined || filter.to !== undefined;
  const limit = isNarrow ? LOOKED_AT_MAX : page.limit + 1;
  const rows: Row[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const looked = await next(tx, { whose, dealKey, after, limit });
    rows.push(...looked.filter((row) => isWithin(row.closedAt, filter)));
    const last = rows[page.limit - 1];
    if (rows.length > page.limit && last !== undefined)
      return { rows: await named(tx, rows.slice(0, page.limit)), nextCursor: cursorOf(last) };
    after = looked.at(-1) ?? null;
    if (looked.length < limit || after === null) return { rows: await named(tx, rows), nextCursor: null };
  }
  return { rows: await named(tx, rows), nextCursor: after === null ? null : cursorOf(after) };
}

const isWithin = (closedAt: Date, { from, to }: RebateFilter): boolean =>
  (from === undefined || closedAt >= from) && (to === undefined || closedAt < to);

type Point = Pick<Row, 'dealKey' | 'revision' | 'component' | 'kind' | 'beneficiary'>;

function next(
  tx: TenantTx,
  asked: {
    readonly whose: Exclude<Whose, 'nobody'>;
    readonly dealKey: bigint | null;
    readonly after: Point | null;
    readonly limit: number;
  },
): Promise<Row[]> {
  const { whose, dealKey, after, limit } = asked;
  const behind = {
    afterDeal: after?.dealKey,
    afterRevision: after?.revision,
    afterComponent: after?.component,
    afterKind: after?.kind,
    afterBeneficiary: after?.beneficiary,
    limit,
  };
  if (whose !== 'everybody') return queries.rebatesOfBeneficiary(tx, { ...behind, ...whose, dealKey });
  return dealKey === null ? queries.rebatesOfAll(tx, behind) : queries.rebatesOfDeal(tx, { ...behind, dealKey });
}

/** The caller's own where it does not reach everything, and of these only what is asked for. */
export async function whoseOf(tx: TenantTx, reach: Reach, wanted: IbId | ClientId | undefined): Promise<Whose> {
  const own = reach.everything ? undefined : (reach.ibId ?? reach.clientId);
  if (own === null || (own !== undefined && wanted !== undefined && wanted !== own)) return 'nobody';
  const id = own ?? wanted;
  if (id === undefined) return 'everybody';
  const ib = IbId.safeParse(id);
  const beneficiary = ib.success ? (await ibKeys(tx, [ib.data])).get(ib.data) : await clientKeyOf(tx, id as ClientId);
  return beneficiary === undefined || beneficiary === null
    ? 'nobody'
    : { kind: ib.success ? KIND_NUMBERS.ib : KIND_NUMBERS.client, beneficiary };
}

async function named(tx: TenantTx, rows: readonly Row[]): Promise<FoundRebate[]> {
  if (rows.length === 0) return [];
  const keysOf = (kind: Kind) => rows.filter((row) => row.kind === KIND_NUMBERS[kind]).map((row) => row.beneficiary);
  const ids = { ib: await ibIdsOf(tx, keysOf('ib')), client: await clientIdsOf(tx, keysOf('client')) };
  const versionKeys = [...new Set(rows.map((row) => row.planVersionKey))];
  const versions = new Map((await versionNames(tx, { versionKeys })).map((version) => [version.key, version]));
  return rows.map((row) => {
    const version = versions.get(row.planVersionKey);
    if (version === undefined)
      throw new Error(`a booking names the plan version ${row.planVersionKey}, which is not there`);
    const kind = row.kind === KIND_NUMBERS.ib ? 'ib' : row.kind === KIND_NUMBERS.client ? 'client' : 'house';
    const id = kind === 'house' ? undefined : ids[kind].get(row.beneficiary);
    return { ...row, to: { kind, id: id ?? null }, version };
  });
}

const cursorOf = ({ dealKey, revision, component, kind, beneficiary }: Point): string =>
  cursorAt(SORT, String(dealKey), [revision, component, kind, beneficiary].join('.'));

const REST = /^(\d{1,4})\.(\d{1,4})\.(\d)\.(\d{1,9})$/;

function pointIn(cursor: string): Point {
  const { after, afterId } = pointOfCursor(cursor, SORT);
  const rest = REST.exec(afterId);
  if (rest === null || !/^\d{1,18}$/.test(after)) throw cursorProblem();
  const [revision = 0, component = 0, kind = 0, beneficiary = 0] = rest.slice(1).map(Number);
  return { dealKey: BigInt(after), revision, component, kind, beneficiary };
}
