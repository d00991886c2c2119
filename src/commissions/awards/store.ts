import type { TenantTx } from '../../platform/tenant-tx.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import * as queries from './queries.ts';
import { houseOf } from './rules.ts';
import type { NewAward } from './types.ts';

/** Writes awards of a batch with their parts and that of the house, as sets; gives their keys in the order given. */
export async function insertAwards(tx: TenantTx, batchKey: bigint, awards: readonly NewAward[]): Promise<bigint[]> {
  const rows = await queries.insertAwards(tx, {
    batchKey,
    places: awards.map((_award, place) => place),
    kinds: awards.map(({ kind }) => kind),
    planVersionKeys: awards.map(({ planVersionKey }) => planVersionKey),
    components: awards.map(({ component }) => component),
    clientKeys: awards.map(({ clientKey }) => clientKey),
    ibKeys: awards.map(({ ibKey }) => ibKey),
    currencies: awards.map(({ currency }) => currency),
    earnedAts: awards.map(({ earnedAt }) => earnedAt),
    units: awards.map(({ units }) => units),
    inputs: awards.map(({ inputs }) => JSON.stringify(inputs)),
    onces: awards.map(({ once }) => once ?? null),
  });
  const keys = rows.map(({ key }) => key).sort((left, right) => (left < right ? -1 : 1));
  const parts = awards.flatMap((award, place) => {
    const awardKey = keys[place];
    if (awardKey === undefined) throw new Error('fewer awards were written than given');
    const house = houseOf(award);
    const ofHouse = { kind: 'house', beneficiary: 0, depth: -1, units: house } as const;
    return [...award.parts, ...(house === 0n ? [] : [ofHouse])].map((part) => ({ awardKey, ...part }));
  });
  await queries.insertAwardRebates(tx, {
    awardKeys: parts.map(({ awardKey }) => awardKey),
    kinds: parts.map(({ kind }) => KIND_NUMBERS[kind]),
    beneficiaries: parts.map(({ beneficiary }) => beneficiary),
    depths: parts.map(({ depth }) => depth),
    units: parts.map(({ units }) => units),
  });
  return keys;
}

/** The keys of awards that are there already, by the name of what can be earned once. */
export async function awardsOfOnce(tx: TenantTx, onces: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
  if (onces.length === 0) return new Map();
  return new Map((await queries.awardsOfOnce(tx, { onces })).map(({ once, key }) => [once, key]));
}
