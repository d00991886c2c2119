import { z } from 'zod';
import { KeptStanding } from '../counters/contract.ts';
import { standingKept, standingText } from '../counters/store.ts';
import type { CountedTrade } from '../counters/types.ts';
import { KeptExecution } from '../inputs/contract.ts';
import type { LiveBooking, Revision } from '../corrections/types.ts';

const Units = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);
const Instant = z.iso.datetime().transform((text) => new Date(text));

const KeptCounted = z
  .strictObject({ planKey: z.int(), ibKey: z.int(), standing: z.string() })
  .transform(({ planKey, ibKey, standing }): CountedTrade => {
    const kept = KeptStanding.parse(JSON.parse(standing));
    const { counts, clientKey, symbol, day, months } = kept;
    return {
      standing: standingKept(kept),
      counts: counts.map((count) => ({ ...count, units: BigInt(count.units) })),
      planKey,
      ibKey,
      clientKey,
      symbol,
      day,
      months,
    };
  });

/** A revision as a preview keeps it: what was agreed to is what is written, to the byte. */
const KeptRevision = z.strictObject({
  dealKey: Units,
  revision: z.int(),
  planVersionKey: z.int().nullable(),
  ibKey: z.int().nullable(),
  symbolKey: z.int(),
  groupKey: z.int(),
  closedAt: Instant,
  openedAt: Instant.nullable(),
  factsKey: Units.nullable(),
  rerunKey: z.int().nullable(),
  currency: z.string().nullable(),
  earningUnits: Units,
  units: z.strictObject({ ib: Units, client: Units, house: Units }),
  changes: z.array(
    z.strictObject({ component: z.int(), kind: z.int(), beneficiary: z.int(), depth: z.int(), units: Units }),
  ),
  reasons: z.array(z.strictObject({ component: z.int(), reason: z.string() })),
  execution: KeptExecution.optional(),
  counted: KeptCounted.optional(),
});

const KeptChange = z.strictObject({
  before: z.strictObject({ currency: z.string().nullable(), units: Units }),
  revisions: z.array(KeptRevision),
});

/** What a re-run would change of a trade. */
export type RerunChange = {
  readonly before: { readonly currency: string | null; readonly units: bigint };
  readonly revisions: readonly Revision[];
};

/** The same as text; equal for equal changes, to the byte. */
export const changeText = (live: LiveBooking, revisions: readonly Revision[]): string =>
  JSON.stringify({
    before: { currency: live.currency, units: String(live.earningUnits) },
    revisions: revisions.map(revisionKept),
  });

const revisionKept = (revision: Revision) => ({
  dealKey: String(revision.dealKey),
  revision: revision.revision,
  planVersionKey: revision.planVersionKey,
  ibKey: revision.ibKey,
  symbolKey: revision.symbolKey,
  groupKey: revision.groupKey,
  closedAt: revision.closedAt.toISOString(),
  openedAt: revision.openedAt?.toISOString() ?? null,
  factsKey: revision.factsKey === null ? null : String(revision.factsKey),
  rerunKey: revision.rerunKey,
  currency: revision.currency,
  earningUnits: String(revision.earningUnits),
  units: {
    ib: String(revision.units.ib),
    client: String(revision.units.client),
    house: String(revision.units.house),
  },
  changes: revision.changes.map(({ component, kind, beneficiary, depth, units }) => ({
    component,
    kind,
    beneficiary,
    depth,
    units: String(units),
  })),
  reasons: revision.reasons,
  ...(revision.execution !== undefined && { execution: revision.execution }),
  ...(revision.counted !== undefined && {
    counted: {
      planKey: revision.counted.planKey,
      ibKey: revision.counted.ibKey,
      standing: standingText(revision.counted),
    },
  }),
});

/** A change as it was kept. */
export const changeKept = (text: string): RerunChange => {
  const { before, revisions } = KeptChange.parse(JSON.parse(text));
  return {
    before,
    revisions: revisions.map((revision): Revision => ({
      ...revision,
      execution: revision.execution,
      counted: revision.counted,
    })),
  };
};

/** Whether an IB has a part of a trade, before or after. */
export const involves = (ibKey: number, live: LiveBooking, revisions: readonly Revision[], ibKind: number): boolean =>
  [...live.shares, ...revisions.flatMap(({ changes }) => changes)].some(
    ({ kind, beneficiary }) => kind === ibKind && beneficiary === ibKey,
  );
