import { clientIdsOf, clientKeyOf } from '../../clients/index.ts';
import { ibIdsOf, ibKeys } from '../../ib/index.ts';
import { type ClientId, IbId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { payoutsProblem } from '../errors.ts';
import { PARTY_KINDS, type Party } from '../types.ts';
import * as queries from './queries.ts';

/** The id by which people know a beneficiary. */
export type PartyId = IbId | ClientId;

/** A beneficiary by its id; `payouts.beneficiary_unknown`. */
export async function partyOfId(tx: TenantTx, id: PartyId): Promise<Party> {
  const ib = IbId.safeParse(id);
  const key = ib.success ? (await ibKeys(tx, [ib.data])).get(ib.data) : await clientKeyOf(tx, id as ClientId);
  if (key === undefined || key === null) throw payoutsProblem('payouts.beneficiary_unknown', { detail: id });
  return { kind: ib.success ? 'ib' : 'client', key };
}

/** The same where the caller reaches it: who reaches less than everything reaches itself only. */
export async function partyWithin(tx: TenantTx, reach: Reach, id: PartyId): Promise<Party> {
  if (!reach.everything && id !== reach.ibId && id !== reach.clientId)
    throw payoutsProblem('payouts.beneficiary_unknown', { detail: id });
  return partyOfId(tx, id);
}

/**
 * Whose objects a list shows: everybody's, one's, or nobody's, where the caller asks for somebody whom it does not reach or
 * who is not there.
 */
export async function partiesWithin(
  tx: TenantTx,
  reach: Reach,
  wanted: PartyId | undefined,
): Promise<Party | 'everybody' | 'nobody'> {
  const own = reach.everything ? undefined : (reach.ibId ?? reach.clientId);
  if (own === null || (own !== undefined && wanted !== undefined && wanted !== own)) return 'nobody';
  const id = own ?? wanted;
  if (id === undefined) return 'everybody';
  const ib = IbId.safeParse(id);
  const key = ib.success ? (await ibKeys(tx, [ib.data])).get(ib.data) : await clientKeyOf(tx, id as ClientId);
  return key === undefined || key === null ? 'nobody' : { kind: ib.success ? 'ib' : 'client', key };
}

/** The parameters of a statement that shows what `partiesWithin` says. */
export const partyParams = (
  party: Party | 'everybody',
): { readonly kind: number | null; readonly party: number | null } =>
  party === 'everybody' ? { kind: null, party: null } : { kind: PARTY_KINDS[party.kind], party: party.key };

/** The party of a stored row; the house is none. */
export const partyOfRow = ({ kind, party }: { readonly kind: number; readonly party: number }): Party => ({
  kind: kind === PARTY_KINDS.ib ? 'ib' : 'client',
  key: party,
});

/** The ids behind beneficiaries. */
export async function idsOfParties(tx: TenantTx, parties: readonly Party[]): Promise<(party: Party) => PartyId> {
  const keysOf = (kind: Party['kind']) => [
    ...new Set(parties.filter((each) => each.kind === kind).map(({ key }) => key)),
  ];
  const ids = { ib: await ibIdsOf(tx, keysOf('ib')), client: await clientIdsOf(tx, keysOf('client')) };
  return ({ kind, key }) => {
    const id: PartyId | undefined = ids[kind].get(key);
    if (id === undefined) throw new Error(`there is no ${kind} ${key}`);
    return id;
  };
}

/** The present instant by the tenant's database. */
export const presentInstant = async (tx: TenantTx): Promise<Date> => onlyRow(await queries.presentInstant(tx, {})).now;
