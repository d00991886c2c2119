import type { TenantTx } from '../../platform/tenant-tx.ts';
import { recomputeAwards } from '../awards/explaining.ts';
import { awardOfKey, partsOfAwards } from '../awards/queries.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { openBook } from '../plans/store.ts';
import { AwardInputs } from '../settlements/contract.ts';
import { placesAt } from '../settlements/store.ts';
import { naiveAwardDifference } from './rules.ts';
import { naiveBook } from './store.ts';

/** What was found of awards behind a key, and where to go on; undefined after the last. */
export type AwardsProven = {
  readonly found: (readonly [awardKey: bigint, detail: string])[];
  readonly recomputed: number;
  readonly last: bigint | undefined;
};

/** Computes awards that a plan made again, in the order of their keys, by the engine and by the naive one. */
export async function proveAwards(
  tx: TenantTx,
  asked: { readonly after: bigint; readonly limit: number },
): Promise<AwardsProven> {
  const { differing, keys, last, recomputed } = await recomputeAwards(tx, asked);
  const found = differing.map((key) => [key, 'computed again the award comes to something else'] as const);
  const plain: (readonly [bigint, string])[] = [];
  for (const key of keys) {
    if (differing.includes(key)) continue;
    const difference = await naiveDifferenceOf(tx, key);
    if (difference !== undefined) plain.push([key, difference]);
  }
  return { found: [...found, ...plain], recomputed, last };
}

async function naiveDifferenceOf(tx: TenantTx, key: bigint): Promise<string | undefined> {
  const [row] = await awardOfKey(tx, { key });
  const { clientKey = null, planVersionKey = null } = row ?? {};
  if (row === undefined || clientKey === null || planVersionKey === null) return undefined;
  const inputs = AwardInputs.parse(JSON.parse(row.inputs));
  const atMs = Date.parse(inputs.asOf);
  const book = await openBook(tx, row.configurationVersion);
  const { places } = await placesAt(tx, book, [{ clientKey, atMs }], row.knownAt);
  const chain = row.ibKey === null ? [] : (places[0]?.chain ?? []);
  const said = await naiveBook(
    tx,
    chain.map(({ ibKey }) => ibKey),
    [clientKey],
  );
  const parts = await partsOfAwards(tx, { awardKeys: [key] });
  return naiveAwardDifference(
    {
      versionKey: planVersionKey,
      component: row.component,
      clientKey,
      units: row.units,
      parts: parts.filter(({ kind }) => kind !== KIND_NUMBERS.house),
      inputs,
      depositedAtMs: inputs.over === 'client' ? inputs.deposits.map(({ at }) => Date.parse(at)) : [],
      chain,
      atMs,
      change: row.configurationVersion,
    },
    said,
  );
}
