import { clientIdsOf } from '../../clients/index.ts';
import { chainsOf, ibIdsOf } from '../../ib/index.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { insertBatch } from '../booking/queries.ts';
import { holdSettlement } from '../cuts/service.ts';
import { commissionProblem } from '../errors.ts';
import { postOwed } from '../owed/service.ts';
import { readConfiguration } from '../plans/queries.ts';
import { currenciesOfVersions } from './queries.ts';
import { faultOf, payablesOfAwards } from './rules.ts';
import { awardsOfOnce, insertAwards } from './store.ts';
import type { Awarded, AwardKnowledge, NewAward } from './types.ts';

/**
 * Writes awards, posts what they owe and tells of them, all in the given transaction: a batch of its own, the parts of each
 * with what is left for the house, one signed sum per beneficiary, currency and day. An award whose `once` is there already
 * changes nothing. Waits for others that settle what is owed, and holds them off until the transaction ends; to be called
 * before any account is looked at. Refuses nonsense, all of it or nothing: `commissions.award_invalid`, `award_exceeded`,
 * `earning_too_large`, `award_party_unknown`, `award_currency`.
 */
export async function award(
  tx: TenantTx,
  awards: readonly NewAward[],
  known?: AwardKnowledge,
): Promise<readonly Awarded[]> {
  if (awards.length === 0) return [];
  await holdSettlement(tx);
  const configuration = onlyRow(await readConfiguration(tx, {}));
  await mustMakeSense(tx, awards, configuration.now);
  const before = await awardsOfOnce(tx, oncesOf(awards));
  const isNew = ({ once }: NewAward): boolean => once === undefined || !before.has(once);
  const fresh = awards.filter(isNew);
  const keys = fresh.length === 0 ? [] : await write(tx, fresh, known ?? (await presentKnowledge(tx, configuration)));
  const left = keys[Symbol.iterator]();
  return awards.map((each) => {
    const key = isNew(each) ? left.next().value : before.get(each.once ?? '');
    if (key === undefined) throw new Error('an award got no key');
    return { key, wasThere: !isNew(each) };
  });
}

const oncesOf = (awards: readonly NewAward[]): string[] => awards.flatMap(({ once }) => once ?? []);

const presentKnowledge = async (tx: TenantTx, { version }: { readonly version: bigint }): Promise<AwardKnowledge> => ({
  knownAt: (await chainsOf(tx, [])).knownAt,
  configurationVersion: version,
});

async function write(tx: TenantTx, awards: readonly NewAward[], known: AwardKnowledge): Promise<bigint[]> {
  const { key: batchKey } = onlyRow(await insertBatch(tx, { kind: 'award', trades: 0, ...known }));
  const keys = await insertAwards(tx, batchKey, awards);
  await postOwed(tx, { reference: `booking_batch/${batchKey}`, payables: payablesOfAwards(awards) });
  emit(tx, {
    stream: `booking_batch/${batchKey}`,
    type: 'commissions.awarded',
    schemaVersion: 1,
    payload: { batch: batchKey.toString(), awards: keys.length, kinds: [...new Set(awards.map(({ kind }) => kind))] },
  });
  return keys;
}

async function mustMakeSense(tx: TenantTx, awards: readonly NewAward[], now: Date): Promise<void> {
  for (const each of awards) {
    const fault = faultOf(each, now);
    if (fault !== undefined) throw commissionProblem(fault.code, { detail: `${each.kind}: ${fault.detail}` });
  }
  const onces = oncesOf(awards);
  if (new Set(onces).size < onces.length)
    throw commissionProblem('commissions.award_invalid', { detail: 'two awards of one call have one name' });
  await mustBeKnown(tx, awards);
  const versionKeys = [...new Set(awards.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  if (versionKeys.length === 0) return;
  const currencies = new Map((await currenciesOfVersions(tx, { versionKeys })).map((row) => [row.key, row.currency]));
  for (const { planVersionKey, currency } of awards)
    if (planVersionKey !== null && currencies.get(planVersionKey) !== currency)
      throw commissionProblem('commissions.award_currency', {
        detail: `${currency}; the plan keeps ${currencies.get(planVersionKey) ?? 'no published version of this key'}`,
      });
}

/** Every IB and client that an award names is there. */
async function mustBeKnown(tx: TenantTx, awards: readonly NewAward[]): Promise<void> {
  const partKeys = (kind: 'ib' | 'client'): number[] =>
    awards.flatMap(({ parts }) => parts.filter((part) => part.kind === kind).map(({ beneficiary }) => beneficiary));
  const ibKeys = new Set([...awards.flatMap(({ ibKey }) => ibKey ?? []), ...partKeys('ib')]);
  const clientKeys = new Set([...awards.flatMap(({ clientKey }) => clientKey ?? []), ...partKeys('client')]);
  const ibs = await ibIdsOf(tx, [...ibKeys]);
  const clients = await clientIdsOf(tx, [...clientKeys]);
  const ib = [...ibKeys].find((key) => !ibs.has(key));
  const client = [...clientKeys].find((key) => !clients.has(key));
  if (ib !== undefined || client !== undefined)
    throw commissionProblem('commissions.award_party_unknown', {
      detail: ib === undefined ? `There is no client ${client}` : `There is no introducing broker ${ib}`,
    });
}
