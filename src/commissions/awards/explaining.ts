import { ibsAsOf } from '../../ib/index.ts';
import { formatAmount } from '../../kernel/money.ts';
import { type AwardId, type IbId, keyOfId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { KIND_NUMBERS } from '../booking/rules.ts';
import { commissionProblem } from '../errors.ts';
import { type AwardStep, PERIOD_REASONS } from '../periods/types.ts';
import { openBook } from '../plans/store.ts';
import { AwardInputs } from '../settlements/contract.ts';
import { computeAward } from '../settlements/rules.ts';
import { linksOf, placesAt } from '../settlements/store.ts';
import { type ChainLink, LEVEL_REASONS } from '../types.ts';
import { type Whose, whoseOf } from '../rebates/service.ts';
import { shown, type ShownAward } from './listing.ts';
import * as queries from './queries.ts';
import type { AwardPart } from './types.ts';

type Row = Awaited<ReturnType<typeof queries.awardOfKey>>[number];

/** A step as it is told. */
type ToldStep = {
  readonly step: AwardStep['step'];
  readonly depth?: number;
  readonly ib?: string;
  readonly reason?: string;
  readonly sentence?: string;
  readonly figures: Readonly<Record<string, string>>;
  readonly amount?: string;
};

export type AwardExplanation = ShownAward & {
  readonly asOf: string | null;
  readonly knownAt: string;
  readonly period: { readonly unit: 'day' | 'week' | 'month'; readonly from: string; readonly to: string } | null;
  readonly chain: readonly {
    readonly id: IbId;
    readonly name: string;
    readonly depth: number;
    readonly status: ChainLink['status'];
  }[];
  readonly inputs: unknown;
  readonly steps: readonly ToldStep[];
  readonly recomputes: boolean | null;
};

const unknown = (id: AwardId) => commissionProblem('commissions.award_unknown', { detail: id });

/**
 * An award with the computation that led to it, done again from what was kept: the same inputs, the tree and the agreements as of
 * its instant, as they were known when it was made; so it comes to the same bytes for ever. An IB sees its own part and what it
 * needs to follow it. `commissions.award_unknown`, also where the caller has no part of it.
 */
export async function explainAward(tx: TenantTx, reach: Reach, id: AwardId): Promise<AwardExplanation> {
  const whose = await whoseOf(tx, reach, undefined);
  const key = keyOfId(id);
  const [row] = key === undefined || whose === 'nobody' ? [] : await queries.awardOfKey(tx, { key });
  if (row === undefined || whose === 'nobody') throw unknown(id);
  const [award] = await shown(tx, [row], whose);
  if (award === undefined || (whose !== 'everybody' && award.parts.length === 0)) throw unknown(id);
  const inputs: unknown = JSON.parse(row.inputs);
  const seen = whose === 'everybody' ? inputs : null;
  const knownAt = row.knownAt.toISOString();
  const kept = row.planVersionKey === null ? undefined : AwardInputs.safeParse(inputs).data;
  if (kept === undefined)
    return { ...award, asOf: null, knownAt, period: null, chain: [], inputs: seen, steps: [], recomputes: null };
  const { chain, steps, parts, units } = await recomputed(tx, row, kept);
  const names = new Map(
    (await ibsAsOf(tx, { keys: chain.map(({ ibKey }) => ibKey), at: row.earnedAt })).map((ib) => [ib.key, ib]),
  );
  const depth = ownDepth(whose, chain);
  return {
    ...award,
    asOf: kept.asOf,
    knownAt,
    period: kept.over === 'period' ? kept.period : null,
    chain: chain.flatMap(({ ibKey, status }, place) => {
      const ib = names.get(ibKey);
      if (ib === undefined || (whose !== 'everybody' && (depth === undefined || place > depth))) return [];
      return [{ id: ib.id, name: ib.name, depth: place, status }];
    }),
    inputs: seen,
    steps: steps.flatMap((step) => {
      const told = stepSeen(step, whose, depth);
      if (told === undefined) return [];
      const { ibKey, units: of, reason, ...rest } = told;
      return [
        {
          ...rest,
          ...(ibKey !== undefined && { ib: names.get(ibKey)?.name ?? `IB ${ibKey}` }),
          ...(reason !== undefined && { reason, sentence: sentenceOf(reason) }),
          ...(of !== undefined && { amount: formatAmount({ units: of, currency: row.currency }) }),
        },
      ];
    }),
    recomputes: await isAsStored(tx, row, { units, parts }),
  };
}

/** An award computed once more from what was kept of it. */
async function recomputed(tx: TenantTx, row: Row, kept: AwardInputs) {
  const book = await openBook(tx, row.configurationVersion);
  const version = book.versionOfKey(row.planVersionKey ?? 0);
  const component = version?.plan.periods.find(({ place }) => place === row.component);
  if (version === undefined || component === undefined || row.clientKey === null)
    throw new Error(`award ${row.key} names what is not there`);
  const at = { clientKey: row.clientKey, atMs: Date.parse(kept.asOf) };
  const { places } = await placesAt(tx, book, [at], row.knownAt);
  const [place] = places;
  // Where nothing was shared any more the chain counted for nothing.
  const chain = place === undefined || row.ibKey === null ? [] : linksOf(book, place, version, row.clientKey);
  const steps: AwardStep[] = [];
  const outcome = computeAward({ component, plan: version.plan, chain, clientKey: row.clientKey, inputs: kept }, steps);
  const now = typeof outcome === 'string' ? { units: 0n, parts: [] } : outcome.now;
  return { chain, steps, ...now };
}

async function isAsStored(
  tx: TenantTx,
  row: Row,
  now: { readonly units: bigint; readonly parts: readonly AwardPart[] },
): Promise<boolean> {
  const stored = (await queries.partsOfAwards(tx, { awardKeys: [row.key] })).filter(
    ({ kind }) => kind !== KIND_NUMBERS.house,
  );
  const texts = (parts: readonly { kind: number; beneficiary: number; depth: number; units: bigint }[]): string =>
    parts
      .map(({ kind, beneficiary, depth, units }) => [kind, beneficiary, depth, units].join(' '))
      .toSorted()
      .join('\n');
  return (
    now.units === row.units &&
    texts(stored) === texts(now.parts.map((part) => ({ ...part, kind: KIND_NUMBERS[part.kind] })))
  );
}

/** At which depth of the chain the caller stands; undefined for who sees all, for clients, and for who is not in it any more. */
function ownDepth(whose: Whose, chain: readonly ChainLink[]): number | undefined {
  if (typeof whose === 'string' || whose.kind !== KIND_NUMBERS.ib) return undefined;
  const depth = chain.findIndex(({ ibKey }) => ibKey === whose.beneficiary);
  return depth < 0 ? undefined : depth;
}

/** What one beneficiary may see of a step: the gates, and its own share; never the whole, the house, or another's part. */
function stepSeen(step: AwardStep, whose: Whose, depth: number | undefined): AwardStep | undefined {
  if (whose === 'everybody') return step;
  if (step.step === 'gate') return step;
  if (step.step === 'trader_rebate') return depth === undefined || depth === 0 ? { ...step, figures: {} } : undefined;
  if (step.step !== 'share' || depth === undefined || step.depth !== depth) return undefined;
  const { weight = '' } = step.figures;
  return { ...step, figures: { weight } };
}

const sentences: Readonly<Record<string, string>> = { ...PERIOD_REASONS, ...LEVEL_REASONS };
const sentenceOf = (reason: string): string => sentences[reason] ?? reason;

/** Every award of a plan computed again, a page of them behind a key: those that do not come to what is stored. */
export async function recomputeAwards(
  tx: TenantTx,
  asked: { readonly after: bigint; readonly limit: number },
): Promise<{
  readonly keys: readonly bigint[];
  readonly differing: readonly bigint[];
  readonly last: bigint | undefined;
  readonly recomputed: number;
}> {
  const keys = (await queries.computedAwards(tx, asked)).map(({ key }) => key);
  const differing: bigint[] = [];
  for (const key of keys) {
    const [row] = await queries.awardOfKey(tx, { key });
    if (row === undefined) continue;
    const kept = AwardInputs.parse(JSON.parse(row.inputs));
    if (!(await isAsStored(tx, row, await recomputed(tx, row, kept)))) differing.push(key);
  }
  return { keys, differing, last: keys.length < asked.limit ? undefined : keys.at(-1), recomputed: keys.length };
}
