import type { IbId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { ibProblem } from '../errors.ts';
import { ibReachParams } from '../reach.ts';
import { readNow } from '../store.ts';
import type { IbStatus } from '../types.ts';
import * as queries from './queries.ts';
import type { IbRow, RelativeRow } from './queries.ts';

/** Which IBs a list is asked for; what is not given does not matter. */
export type IbFilter = {
  readonly status?: IbStatus | undefined;
  readonly parentId?: IbId | undefined;
  readonly q?: string | undefined;
};

/** A page of the IBs that the asker reaches, as they are now. */
export const pageOfIbs = async (
  tx: TenantTx,
  reach: Reach,
  { status, parentId, q }: IbFilter,
  page: PageAsked<'name' | 'joinedAt'>,
): Promise<Page<IbRow>> =>
  queries.pageOfIbs(tx, { ...ibReachParams(reach), at: await readNow(tx), status, parentId, text: q }, page);

/** The IB as it is now, if it is within reach; else `ib.unknown`, as for one that is not there. */
export async function ibWithin(tx: TenantTx, reach: Reach, id: IbId): Promise<IbRow> {
  const [found] = await queries.ibWithinReach(tx, { id, at: await readNow(tx), ...ibReachParams(reach) });
  if (found === undefined) throw ibProblem('ib.unknown', { detail: id });
  return found;
}

type RelativesAsked = { readonly ibId: IbId; readonly asOf?: Date | undefined; readonly depthMax?: number | undefined };

/** A page of those above an IB within reach, as of an instant (now unless given); `ib.unknown` for any other IB. */
export async function pageOfAncestors(
  tx: TenantTx,
  reach: Reach,
  { ibId, asOf }: RelativesAsked,
  page: PageAsked<'depth'>,
): Promise<Page<RelativeRow>> {
  const { key } = await ibWithin(tx, reach, ibId);
  return queries.pageOfAncestors(tx, { key, at: asOf ?? (await readNow(tx)), ...ibReachParams(reach) }, page);
}

/** A page of those below an IB within reach, as of an instant (now unless given); `ib.unknown` for any other IB. */
export async function pageOfDescendants(
  tx: TenantTx,
  reach: Reach,
  { ibId, asOf, depthMax }: RelativesAsked,
  page: PageAsked<'depth'>,
): Promise<Page<RelativeRow>> {
  const { key } = await ibWithin(tx, reach, ibId);
  const at = asOf ?? (await readNow(tx));
  return queries.pageOfDescendants(tx, { key, at, depthMax, ...ibReachParams(reach) }, page);
}

/** How people write a code: in small letters, with a dash, with the letters that Crockford's base32 reads as digits. */
const asCode = (text: string): string =>
  text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');

/**
 * The IB that a referral code names; undefined where it names none, or one that is not active. Nobody is told which of
 * the two it was.
 */
export async function ibOfReferralCode(
  tx: TenantTx,
  code: string,
): Promise<{ readonly key: number; readonly id: IbId } | undefined> {
  const [found] = await queries.activeIbOfCode(tx, { code: asCode(code), at: await readNow(tx) });
  return found;
}
