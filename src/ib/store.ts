import type { IbId } from '../kernel/ids.ts';
import { onlyRow } from '../platform/query.ts';
import type { TenantTx } from '../platform/tenant-tx.ts';
import { ibProblem } from './errors.ts';
import * as queries from './queries.ts';

/** An IB and since when it is part of the tree. */
export type KnownIb = { readonly key: number; readonly id: IbId; readonly validFrom: Date };

/**
 * Begins a change of the tree, a link or a status: waits for any other to commit and gives the instant at which this one
 * is recorded, later than all before it.
 */
export const beginChange = async (tx: TenantTx): Promise<Date> => onlyRow(await queries.beginChange(tx, {})).recordedAt;

/** The present instant of the tenant's database. */
export const readNow = async (tx: TenantTx): Promise<Date> => onlyRow(await queries.readNow(tx, {})).now;

/** The IB behind an id; `ib.unknown` if there is none. */
export async function ibOfId(tx: TenantTx, id: IbId): Promise<KnownIb> {
  const [found] = await queries.ibsOfIds(tx, { ids: [id] });
  if (found === undefined) throw ibProblem('ib.unknown', { detail: id });
  return found;
}

/** The keys behind ids; an id that is not known is not in the answer. */
export async function ibKeys(tx: TenantTx, ids: readonly IbId[]): Promise<Map<IbId, number>> {
  const rows = await queries.ibsOfIds(tx, { ids });
  return new Map(rows.map((row) => [row.id, row.key]));
}

/** The ids behind keys. */
export async function ibIdsOf(tx: TenantTx, keys: readonly number[]): Promise<ReadonlyMap<number, IbId>> {
  if (keys.length === 0) return new Map();
  return new Map((await queries.ibsOfKeys(tx, { keys: [...new Set(keys)] })).map(({ key, id }) => [key, id]));
}

/** What IBs are called, by their keys. */
export const ibNames = async (tx: TenantTx, keys: readonly number[]): Promise<ReadonlyMap<number, string>> =>
  new Map((await queries.namesOfIbs(tx, { keys })).map(({ key, name }) => [key, name]));

/** Refuses an instant at which an IB is not yet part of the tree. */
export function mustBeThere(ib: KnownIb, at: Date): void {
  if (at < ib.validFrom)
    throw ibProblem('ib.not_yet_valid', { detail: `${ib.id} is part of the tree since ${ib.validFrom.toISOString()}` });
}

/** How many IBs there are or were. */
export const countIbs = async (tx: TenantTx): Promise<number> => onlyRow(await queries.countIbs(tx, {})).ibs;
