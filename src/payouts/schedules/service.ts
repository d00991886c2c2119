import type { Reach } from '../../platform/access.ts';
import { emit } from '../../platform/events/index.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { parseMoney } from '../../kernel/money.ts';
import { payoutsProblem } from '../errors.ts';
import {
  idsOfParties,
  type PartyId,
  partiesWithin,
  partyOfId,
  partyOfRow,
  partyParams,
  presentInstant,
} from '../parties/service.ts';
import { PARTY_KINDS, type Party } from '../types.ts';
import type { ScheduleTerms } from './contract.ts';
import * as queries from './queries.ts';
import { FIRST_TERMS, signatureOf } from './rules.ts';

/** A schedule as it is shown. */
export type FoundSchedule = Awaited<ReturnType<typeof queries.insertSchedule>>[number] & {
  readonly beneficiary: PartyId | null;
};

/** A schedule to be set; `beneficiary` null is the tenant's default, `terms` null follows it. */
export type NewSchedule = {
  readonly beneficiary: PartyId | null;
  readonly terms: ScheduleTerms | null;
  /** Now, unless given. */
  readonly effectiveAt?: Date;
  readonly reason: string;
};

/**
 * Sets when a beneficiary gets statements. `payouts.beneficiary_unknown`, `payouts.schedule_backdated`,
 * `payouts.schedule_taken`, `payouts.schedule_default_needed`; `money.too_fine` for a minimum finer than minor units.
 */
export async function setSchedule(tx: TenantTx, schedule: NewSchedule): Promise<FoundSchedule> {
  const now = await presentInstant(tx);
  if (schedule.effectiveAt !== undefined && schedule.effectiveAt < now)
    throw payoutsProblem('payouts.schedule_backdated', { detail: `It is ${now.toISOString()}` });
  return insertSchedule(tx, { ...schedule, effectiveAt: schedule.effectiveAt ?? now });
}

/** The same from any instant on: for seeds and imports, of periods for which no statement is made yet. */
export async function insertSchedule(
  tx: TenantTx,
  { beneficiary, terms, effectiveAt, reason }: NewSchedule & { readonly effectiveAt: Date },
): Promise<FoundSchedule> {
  for (const minimum of terms?.minimums ?? []) parseMoney(minimum, 'minor');
  if (beneficiary === null && terms === null) throw payoutsProblem('payouts.schedule_default_needed');
  const party = beneficiary === null ? undefined : await partyOfId(tx, beneficiary);
  const [row] = await queries.insertSchedule(tx, {
    kind: party === undefined ? 0 : PARTY_KINDS[party.kind],
    party: party?.key ?? 0,
    signature: terms === null ? null : signatureOf(terms),
    terms: terms === null ? null : JSON.stringify(terms),
    validFrom: effectiveAt,
    reason,
  });
  if (row === undefined)
    throw payoutsProblem('payouts.schedule_taken', { detail: `One begins at ${effectiveAt.toISOString()}` });
  emit(tx, {
    stream: `payout-schedule/${beneficiary ?? 'default'}`,
    type: 'payouts.schedule_set',
    schemaVersion: 1,
    payload: { beneficiary, terms, validFrom: effectiveAt.toISOString(), reason },
  });
  return { ...row, beneficiary };
}

type Asked = {
  readonly reach: Reach;
  readonly beneficiary?: PartyId | undefined;
  readonly page: PageAsked<'validFrom'>;
};

/** A page of schedules: all, or the caller's own and the default. */
export async function listSchedules(tx: TenantTx, { reach, beneficiary, page }: Asked): Promise<Page<FoundSchedule>> {
  const whose = await partiesWithin(tx, reach, beneficiary);
  if (whose === 'nobody') return { rows: [], nextCursor: null };
  const found = await queries.pageOfSchedules(tx, { ...partyParams(whose), withDefault: !reach.everything }, page);
  const idOf = await idsOfParties(tx, found.rows.filter(({ kind }) => kind !== 0).map(partyOfRow));
  return {
    ...found,
    rows: found.rows.map((row) => ({ ...row, beneficiary: row.kind === 0 ? null : idOf(partyOfRow(row)) })),
  };
}

/** What holds for beneficiaries at an instant, in the order asked. */
export async function termsAt(tx: TenantTx, parties: readonly Party[], at: Date): Promise<ScheduleTerms[]> {
  const rows = await queries.termsAt(tx, {
    kinds: parties.map(({ kind }) => PARTY_KINDS[kind]),
    parties: parties.map(({ key }) => key),
    at,
  });
  return rows.map(({ own, otherwise }) => own ?? otherwise ?? FIRST_TERMS);
}
