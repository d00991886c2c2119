import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { Chain, ChainLevel, Chains, ClientAt, IbStatus } from '../types.ts';
import * as queries from './queries.ts';

const statusOfLetter: Readonly<Record<string, IbStatus>> = { s: 'suspended', t: 'terminated' };

/** `12 7s 1` is IB 12 below the suspended IB 7 below the master 1. */
const levelsOf = (chain: string): ChainLevel[] =>
  chain.split(' ').map((word, depth) => ({
    ibKey: Number.parseInt(word, 10),
    depth,
    status: statusOfLetter[word.charAt(word.length - 1)] ?? 'active',
  }));

/**
 * The chain of IBs above each client as of an instant, in one query; equal pairs are asked once, and equal chains are
 * the same array. With `knownAt` as it was known then, else as it is known now.
 */
export async function chainsOf(tx: TenantTx, pairs: readonly ClientAt[], knownAt?: Date): Promise<Chains> {
  const places = new Map<string, number>();
  const distinct: ClientAt[] = [];
  const placeOfPair = pairs.map((pair) => {
    const name = `${pair.clientKey} ${pair.atMs}`;
    let place = places.get(name);
    if (place === undefined) {
      distinct.push(pair);
      place = distinct.length;
      places.set(name, place);
    }
    return place;
  });
  const asked = { clientKeys: distinct.map((pair) => pair.clientKey), atMs: distinct.map((pair) => pair.atMs) };
  const rows = await (knownAt === undefined
    ? queries.chainsOf(tx, asked)
    : queries.chainsKnownAt(tx, { ...asked, knownAt }));
  const levels = new Map<string, ChainLevel[]>();
  const found = new Map<number, Chain>();
  let asKnownAt = knownAt;
  for (const row of rows) {
    asKnownAt ??= row.knownAt ?? undefined;
    if (row.place === null || row.linkKey === null || row.chain === null) continue;
    let each = levels.get(row.chain);
    if (each === undefined) levels.set(row.chain, (each = levelsOf(row.chain)));
    found.set(row.place, { linkKey: row.linkKey, levels: each });
  }
  if (asKnownAt === undefined) throw new Error('ib.structure has no row');
  return { knownAt: asKnownAt, chains: placeOfPair.map((place) => found.get(place) ?? null) };
}

/** What is above an IB as of an instant (UTC, ms), itself at depth 0; empty while it was no part of the tree. */
export type UplineAt = (ibKey: number, atMs: number) => readonly ChainLevel[];

/** Everything that is ever above a few IBs, as it is known now, to be asked as of any instant. */
export async function uplinesOf(tx: TenantTx, ibKeys: readonly number[]): Promise<UplineAt> {
  const rows = ibKeys.length === 0 ? [] : await queries.uplinesOf(tx, { ibKeys });
  const ancestors = [...new Set(rows.map(({ ancestorKey }) => ancestorKey))];
  const statuses = ancestors.length === 0 ? [] : await queries.statusesOf(tx, { ibKeys: ancestors });
  const holds = ({ validFrom, validTo }: { validFrom: Date; validTo: Date | null }, atMs: number): boolean =>
    validFrom.getTime() <= atMs && atMs < (validTo?.getTime() ?? Infinity);
  return (ibKey, atMs) =>
    rows
      .filter((row) => row.ibKey === ibKey && holds(row, atMs))
      .map(({ ancestorKey, depth }) => ({
        ibKey: ancestorKey,
        depth,
        status: statuses.find((row) => row.ibKey === ancestorKey && holds(row, atMs))?.status ?? 'active',
      }));
}
