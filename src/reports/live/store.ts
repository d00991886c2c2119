import { type ClientOwners, ownersOf } from '../../clients/index.ts';
import { partiesOfBatches } from '../../commissions/index.ts';
import { ibIdsOf, subtreesOf } from '../../ib/index.ts';
import { AccountId, ClientId, IbId } from '../../kernel/ids.ts';
import type { StoredEvent } from '../../platform/events/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { idsNamed } from './rules.ts';
import type { Subject } from './types.ts';

/** Ids looked at of one event; a bulk of thousands concerns those only whose ids come first, and all of the staff. */
const IDS_PER_EVENT_MAX = 500;
const OF_BATCHES: ReadonlySet<string> = new Set(['commissions.batch_booked', 'commissions.corrected']);

const idsOfKind = <Id extends string>(
  schema: { readonly safeParse: (value: unknown) => { readonly success: boolean; readonly data?: Id } },
  ids: Iterable<string>,
): Id[] => [...ids].flatMap((id) => schema.safeParse(id).data ?? []);

/**
 * What a run of events is about, by their `seq`: whose clients and IBs, who looks after them, in whose subtrees they are
 * at present. A handful of statements for the whole run, however many listen.
 */
export async function subjectsOf(
  tx: TenantTx,
  events: readonly StoredEvent[],
): Promise<ReadonlyMap<bigint, readonly Subject[]>> {
  const named = new Map(events.map((event) => [event.seq, new Set(idsNamed(event, IDS_PER_EVENT_MAX))]));
  const parties = await partiesOf(tx, events);
  const all = new Set([...named.values()].flatMap((ids) => [...ids]));
  const keys = [...new Set([...parties.values()].flatMap(({ clientKeys }) => [...clientKeys]))];
  const owners = await ownersOf(tx, {
    clientIds: idsOfKind(ClientId, all),
    accountIds: idsOfKind(AccountId, all),
    keys,
  });
  const earners = await ibIdsOf(
    tx,
    [...parties.values()].flatMap(({ ibKeys }) => [...ibKeys]),
  );
  const ibIds = [...new Set([...idsOfKind(IbId, all), ...earners.values()])];
  const clientKeys = [...new Set([...owners.values()].map(({ key }) => key))];
  const subtrees = await subtreesOf(tx, { clientKeys, ibIds });
  const idOfKey = new Map([...owners.values()].map(({ key, clientId }) => [key, clientId as string]));
  for (const [seq, { clientKeys: ofClients, ibKeys }] of parties) {
    const ids = named.get(seq);
    for (const key of ofClients) ids?.add(idOfKey.get(key) ?? '');
    for (const key of ibKeys) ids?.add(earners.get(key) ?? '');
  }
  return new Map([...named].map(([seq, ids]) => [seq, [...ids].map((id) => subjectOf(id, owners.get(id), subtrees))]));
}

async function partiesOf(tx: TenantTx, events: readonly StoredEvent[]) {
  const batches = new Map<bigint, bigint>();
  for (const { seq, type, payload } of events) {
    const batch = payload['batch'];
    if (OF_BATCHES.has(type) && typeof batch === 'string' && /^\d{1,18}$/.test(batch)) batches.set(BigInt(batch), seq);
  }
  const found = await partiesOfBatches(tx, [...batches.keys()]);
  return new Map(
    [...found].flatMap(([batch, each]) => {
      const seq = batches.get(batch);
      return seq === undefined ? [] : [[seq, each] as const];
    }),
  );
}

const nobodys = { clientId: null, ibId: null, userId: null, deskId: null, subtrees: [] } as const;

function subjectOf(
  id: string,
  owners: ClientOwners | undefined,
  subtrees: Awaited<ReturnType<typeof subtreesOf>>,
): Subject {
  if (owners !== undefined) {
    const { clientId, userId, deskId, key } = owners;
    return { ...nobodys, id, kind: 'client', clientId, userId, deskId, subtrees: subtrees.ofClients.get(key) ?? [] };
  }
  const ibId = IbId.safeParse(id).data;
  if (ibId === undefined) return { ...nobodys, id, kind: 'other' };
  return { ...nobodys, id, kind: 'ib', ibId, subtrees: subtrees.ofIbs.get(ibId) ?? [] };
}
