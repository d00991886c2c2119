import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { NaiveBook } from '../naive/lookup.ts';
import * as queries from './queries.ts';

const said = <Row extends { readonly from: Date }>({ from, ...row }: Row) => ({ ...row, fromMs: from.getTime() });

/** All that was ever said of plans, and what these IBs ever agreed upon, for these clients or for all. */
export async function naiveBook(
  tx: TenantTx,
  ibKeys: readonly number[],
  clientKeys: readonly number[],
): Promise<NaiveBook> {
  return {
    assignments: (await queries.everyAssignment(tx, {})).map(said),
    versions: (await queries.everyVersion(tx, {})).map(said),
    overrides: (await queries.everyOverride(tx, { ibKeys, clientKeys })).map(said),
    agreements: Map.groupBy((await queries.everyAgreement(tx, { ibKeys })).map(said), ({ ibKey }) => ibKey),
  };
}
