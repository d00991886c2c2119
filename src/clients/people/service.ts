import { emailKeyOf } from '../../kernel/contact.ts';
import { ClientId, type DeskId, type IbId, idFromUuid, newUuid, type UserId } from '../../kernel/ids.ts';
import type { Reach } from '../../platform/access.ts';
import { emit, type Json } from '../../platform/events/index.ts';
import type { Page, PageAsked } from '../../platform/paging.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { clientsProblem } from '../errors.ts';
import { reachParams } from '../reach.ts';
import type { ContactChange, ContactField, KycState } from './contract.ts';
import * as queries from './queries.ts';
import type { ClientRow } from './queries.ts';

/** Which clients a list is asked for; what is not given does not matter. */
export type ClientFilter = {
  readonly country?: string | undefined;
  readonly kycState?: KycState | undefined;
  readonly ibId?: IbId | undefined;
  readonly deskId?: DeskId | undefined;
  readonly assignedTo?: UserId | undefined;
  readonly q?: string | undefined;
};

/** Who asks: what he reaches, and which fields he sees masked. */
export type Asker = { readonly reach: Reach; readonly masked: ReadonlySet<string> };

/** A login as people type it; a number beyond those of accounts finds nothing. */
const loginOf = (text: string | undefined): bigint | null =>
  text !== undefined && /^[1-9]\d{0,17}$/.test(text) ? BigInt(text) : null;

/** A page of the clients that the asker reaches, everything in clear: whoever answers masks. */
export const pageOfClients = (
  tx: TenantTx,
  { reach, masked }: Asker,
  { country, kycState, ibId, deskId, assignedTo, q }: ClientFilter,
  page: PageAsked<'createdAt' | 'name'>,
): Promise<Page<ClientRow>> =>
  queries.pageOfClients(
    tx,
    {
      ...reachParams(reach),
      country,
      kycState,
      deskId,
      assignedToId: assignedTo,
      ofIbId: ibId,
      text: q,
      login: loginOf(q),
      searchesEmail: !masked.has('email'),
    },
    page,
  );

/** The client, if it is within reach; else `clients.client_unknown`, as for one that is not there. */
export async function clientWithin(tx: TenantTx, reach: Reach, id: ClientId): Promise<ClientRow> {
  const [found] = await queries.clientWithinReach(tx, { id, ...reachParams(reach) });
  if (found === undefined) throw clientsProblem('clients.client_unknown', { detail: id });
  return found;
}

/** The same, held against other changes until the transaction ends. */
export async function lockedClient(tx: TenantTx, reach: Reach, id: ClientId): Promise<ClientRow> {
  const [found] = await queries.lockClientWithinReach(tx, { id, ...reachParams(reach) });
  if (found === undefined) throw clientsProblem('clients.client_unknown', { detail: id });
  return found;
}

/** A person or company that becomes a client. */
export type NewContact = {
  readonly name?: string | undefined;
  readonly firstName?: string | undefined;
  readonly lastName?: string | undefined;
  readonly email?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly country?: string | undefined;
  readonly referralCode?: string | null | undefined;
  readonly ownerUserId?: string | null | undefined;
};

/** Adds one client that waits for admission. The event names it by id only. */
export async function addClient(
  tx: TenantTx,
  contact: NewContact,
): Promise<{ readonly key: number; readonly id: ClientId }> {
  const id = ClientId.parse(idFromUuid('cli', newUuid(Date.now())));
  const name = contact.name ?? [contact.firstName, contact.lastName].filter((part) => part !== undefined).join(' ');
  const { key } = onlyRow(
    await queries.insertClient(tx, {
      id,
      name,
      firstName: contact.firstName,
      lastName: contact.lastName,
      email: contact.email,
      emailKey: keyOf(contact.email),
      phone: contact.phone,
      country: contact.country,
      referralCode: contact.referralCode,
      ownerUserId: contact.ownerUserId,
    }),
  );
  emit(tx, { stream: `clients/${id}`, type: 'clients.created', schemaVersion: 1, payload: { ids: [id] } });
  return { key, id };
}

const keyOf = (email: string | null | undefined): string | null => (email == null ? null : emailKeyOf(email));

const contactFields = ['name', 'firstName', 'lastName', 'email', 'phone', 'country'] as const;

/**
 * Changes contact data. What they were is kept beside the client under the number of its version, where it can be
 * forgotten; the event says which fields changed, from which version to which. Nothing happens if nothing differs.
 */
export async function changeContact(
  tx: TenantTx,
  reach: Reach,
  id: ClientId,
  change: ContactChange,
): Promise<ClientRow> {
  const before = await lockedClient(tx, reach, id);
  const changed = contactFields.filter((field) => change[field] !== undefined && change[field] !== before[field]);
  if (changed.length === 0) return before;
  const after = { ...before, ...Object.fromEntries(changed.map((field) => [field, change[field]])) };
  const { key, name, firstName, lastName, email, phone, country } = after;
  await queries.replaceContact(tx, { key, name, firstName, lastName, email, emailKey: keyOf(email), phone, country });
  const contactVersion = before.contactVersion + 1;
  emitOf(tx, id, 'clients.contact_changed', {
    fields: changed,
    before: { version: before.contactVersion },
    after: { version: contactVersion },
  });
  return { ...after, contactVersion };
}

/** Whether somebody may look after clients; the composition root asks identity. */
export type Assignees = {
  readonly isStaff: (tx: TenantTx, userId: UserId) => Promise<boolean>;
  readonly isDesk: (tx: TenantTx, deskId: DeskId) => Promise<boolean>;
};

type Assignment = { readonly userId?: UserId | null | undefined; readonly deskId?: DeskId | null | undefined };

/**
 * Says who looks after a client. `clients.assignee_unknown` where the user is nobody of the staff or the desk is not
 * there. Nothing happens if nothing differs.
 */
export async function assignClient(
  tx: TenantTx,
  assignees: Assignees,
  reach: Reach,
  id: ClientId,
  { userId, deskId }: Assignment,
): Promise<ClientRow> {
  const before = await lockedClient(tx, reach, id);
  if (userId != null && !(await assignees.isStaff(tx, userId)))
    throw clientsProblem('clients.assignee_unknown', { detail: userId });
  if (deskId != null && !(await assignees.isDesk(tx, deskId)))
    throw clientsProblem('clients.assignee_unknown', { detail: deskId });
  const ownerUserId = userId === undefined ? before.ownerUserId : userId;
  const after = { ...before, ownerUserId, deskId: deskId === undefined ? before.deskId : deskId };
  if (after.ownerUserId === before.ownerUserId && after.deskId === before.deskId) return before;
  await queries.updateAssignment(tx, { key: before.key, ownerUserId: after.ownerUserId, deskId: after.deskId });
  const shown = (row: ClientRow) => ({ userId: row.ownerUserId, deskId: row.deskId });
  emitOf(tx, id, 'clients.assigned', { before: shown(before), after: shown(after) });
  return after;
}

/** Gives fields in clear and records who saw which and why, in one transaction: nothing is seen that is not written down. */
export async function revealContact(
  tx: TenantTx,
  reach: Reach,
  id: ClientId,
  { fields, reason }: { readonly fields: readonly ContactField[]; readonly reason: string },
): Promise<{ email?: string | null; phone?: string | null }> {
  const client = await clientWithin(tx, reach, id);
  emitOf(tx, id, 'clients.fields_viewed', { fields: [...fields], reason });
  return {
    ...(fields.includes('email') && { email: client.email }),
    ...(fields.includes('phone') && { phone: client.phone }),
  };
}

/**
 * Moves a client from one state of admission to another; the only way to change it. `clients.kyc_state_changed_meanwhile`
 * where it is not in the state that it is to leave, `clients.client_unknown` where there is no such client.
 */
export async function setKycState(
  tx: TenantTx,
  {
    clientId,
    from,
    to,
    reason,
  }: { readonly clientId: ClientId; readonly from: KycState; readonly to: KycState; readonly reason: string },
): Promise<void> {
  const moved = await queries.updateKycState(tx, { id: clientId, from, to });
  if (moved.length === 0) {
    const now = await kycStateOf(tx, clientId);
    if (now === null) throw clientsProblem('clients.client_unknown', { detail: clientId });
    throw clientsProblem('clients.kyc_state_changed_meanwhile', { detail: `${clientId} is ${now}` });
  }
  emitOf(tx, clientId, 'clients.kyc_state_changed', { before: { kycState: from }, after: { kycState: to }, reason });
}

/** The state of admission of a client; null where there is no such client. */
export const kycStateOf = async (tx: TenantTx, id: ClientId): Promise<KycState | null> =>
  (await queries.kycStateOfClient(tx, { id }))[0]?.kycState ?? null;

/** The streams that tell of a client within reach; `clients.client_unknown` for any other. */
export async function streamsOf(tx: TenantTx, reach: Reach, id: ClientId): Promise<string[]> {
  const [found] = await queries.streamsOfClient(tx, { id, ...reachParams(reach) });
  if (found === undefined) throw clientsProblem('clients.client_unknown', { detail: id });
  return [`clients/${id}`, `ib_client/${found.key}`, ...found.accountIds.map((account) => `accounts/${account}`)];
}

const emitOf = (tx: TenantTx, id: ClientId, type: string, payload: { readonly [member: string]: Json }): void =>
  emit(tx, { stream: `clients/${id}`, type, schemaVersion: 1, payload: { clientId: id, ...payload } });
