import { randomUUID } from 'node:crypto';
import type { Ask, Habitat, Kind } from './habitat.ts';

/** A request that names an id of one kind. */
export type Naming = { readonly kind: Kind; readonly ask: (id: string) => Ask };

/** An id of the same kind that nothing has. */
export const absentOf = (id: string): string => `${id.slice(0, 4)}7ZZZZZZZZZZZZZZZZZZZZZZZZZ`;

/** An answer without what differs in every answer: its own name, and the ids that were asked for. */
export const withoutIds = (text: string): string =>
  text.replaceAll(/urn:request:[\w-]+/g, '<request>').replaceAll(/\b[a-z]{3}_[0-9A-Z]{26}\b/g, '<id>');

const post = (path: string, body?: unknown): Ask => ({
  method: 'POST',
  path,
  ...(body === undefined ? {} : { body }),
  headers: { 'idempotency-key': randomUUID() },
});
const reason = 'A stranger asks';

/** Every address with an id of something of a tenant in it. */
export const pathsWith = ({ ids }: Habitat): readonly Naming[] => [
  { kind: 'clients', ask: (id) => ({ path: `/api/v1/clients/${id}` }) },
  { kind: 'clients', ask: (id) => ({ path: `/api/v1/clients/${id}/timeline` }) },
  { kind: 'clients', ask: (id) => ({ method: 'PATCH', path: `/api/v1/clients/${id}`, body: { name: 'Nobody' } }) },
  { kind: 'clients', ask: (id) => post(`/api/v1/clients/${id}/reveal`, { fields: ['email'], reason }) },
  { kind: 'clients', ask: (id) => post(`/api/v1/clients/${id}/assign`, { deskId: ids.desks[0] }) },
  { kind: 'accounts', ask: (id) => ({ path: `/api/v1/accounts/${id}` }) },
  { kind: 'ibs', ask: (id) => ({ path: `/api/v1/ibs/${id}` }) },
  ...['ancestors', 'descendants', 'clients'].map((part): Naming => ({
    kind: 'ibs',
    ask: (id) => ({ path: `/api/v1/ibs/${id}/${part}` }),
  })),
  { kind: 'ibs', ask: (id) => post(`/api/v1/ibs/${id}/status`, { status: 'suspended', reason }) },
  { kind: 'ibs', ask: (id) => post(`/api/v1/ibs/${id}/move`, { parentId: null, reason }) },
  { kind: 'plans', ask: (id) => ({ path: `/api/v1/plans/${id}` }) },
  { kind: 'plans', ask: (id) => ({ path: `/api/v1/plans/${id}/versions/1` }) },
  { kind: 'plans', ask: (id) => post(`/api/v1/plans/${id}/versions/1/publish`, { reason }) },
  { kind: 'plans', ask: (id) => post(`/api/v1/plans/${id}/assign`, {}) },
  { kind: 'users', ask: (id) => ({ path: `/api/v1/users/${id}` }) },
  { kind: 'users', ask: (id) => ({ method: 'PATCH', path: `/api/v1/users/${id}`, body: { name: 'Nobody' } }) },
  { kind: 'users', ask: (id) => post(`/api/v1/users/${id}/suspend`, { reason }) },
  { kind: 'users', ask: (id) => post(`/api/v1/users/${id}/reset-factors`) },
  { kind: 'users', ask: (id) => post(`/api/v1/users/${id}/impersonate`, { reason }) },
  { kind: 'desks', ask: (id) => ({ method: 'PATCH', path: `/api/v1/desks/${id}`, body: { name: 'Nowhere' } }) },
  { kind: 'sources', ask: (id) => post(`/api/v1/trading/sources/${id}/rotate`, {}) },
  { kind: 'ledger', ask: (id) => ({ path: `/api/v1/ledger/accounts/${id}` }) },
  { kind: 'ledger', ask: (id) => ({ path: `/api/v1/ledger/accounts/${id}/entries` }) },
  { kind: 'approvals', ask: (id) => ({ path: `/api/v1/approvals/${id}` }) },
  { kind: 'approvals', ask: (id) => post(`/api/v1/approvals/${id}/approve`, { hash: '0'.repeat(64) }) },
  { kind: 'approvals', ask: (id) => post(`/api/v1/approvals/${id}/cancel`) },
  { kind: 'keys', ask: (id) => ({ method: 'DELETE', path: `/api/v1/api-keys/${id}` }) },
];

/** Every filter that takes an id. */
export const queriesWith = (): readonly Naming[] => [
  { kind: 'ibs', ask: (id) => ({ path: `/api/v1/clients?ibId=${id}` }) },
  { kind: 'desks', ask: (id) => ({ path: `/api/v1/clients?deskId=${id}` }) },
  { kind: 'users', ask: (id) => ({ path: `/api/v1/clients?assignedTo=${id}` }) },
  { kind: 'clients', ask: (id) => ({ path: `/api/v1/accounts?clientId=${id}` }) },
  { kind: 'ibs', ask: (id) => ({ path: `/api/v1/ibs?parentId=${id}` }) },
  { kind: 'clients', ask: (id) => ({ path: `/api/v1/trades?clientId=${id}` }) },
  { kind: 'accounts', ask: (id) => ({ path: `/api/v1/trades?accountId=${id}` }) },
  { kind: 'ibs', ask: (id) => ({ path: `/api/v1/rebates?beneficiary=${id}` }) },
  { kind: 'ibs', ask: (id) => ({ path: `/api/v1/ledger/accounts?owner=${id}` }) },
  { kind: 'users', ask: (id) => ({ path: `/api/v1/audit?actor=${id}` }) },
  { kind: 'ibs', ask: (id) => ({ path: `/api/v1/audit?stream=ibs/${id}` }) },
];

/** Every body with an id of something of a tenant in it. */
export function bodiesWith({ ids, canary }: Habitat): readonly Naming[] {
  const [ib, client, plan, wallet] = [ids.ibs[0], ids.clients[0], ids.plans[0], ids.ledger[0]];
  const name = `${canary} visitor`;
  const amount = { amount: '1.00', currency: 'USD' };
  const account = { server: `${canary}-Live`, login: '88880001', group: 'demo', currency: 'USD' };
  const invited = { email: `visitor.${canary}@example.com`, name, roles: ['support'] };
  return [
    { kind: 'ibs', ask: (id) => post('/api/v1/ibs', { name, parentId: id }) },
    { kind: 'ibs', ask: (id) => post(`/api/v1/ibs/${ib}/move`, { parentId: id, reason }) },
    { kind: 'clients', ask: (id) => post(`/api/v1/ibs/${ib}/clients`, { clientId: id, reason }) },
    { kind: 'clients', ask: (id) => post('/api/v1/accounts', { ...account, clientId: id }) },
    { kind: 'users', ask: (id) => post(`/api/v1/clients/${client}/assign`, { userId: id }) },
    { kind: 'desks', ask: (id) => post(`/api/v1/clients/${client}/assign`, { deskId: id }) },
    { kind: 'users', ask: (id) => post('/api/v1/desks', { name, memberIds: [id] }) },
    { kind: 'desks', ask: (id) => post('/api/v1/users/invitations', { ...invited, deskIds: [id] }) },
    { kind: 'ibs', ask: (id) => post('/api/v1/users/invitations', { ...invited, roles: [], ibId: id }) },
    { kind: 'ibs', ask: (id) => post(`/api/v1/plans/${plan}/assign`, { ibId: id }) },
    {
      kind: 'ledger',
      ask: (id) => post('/api/v1/ledger/adjustments', { debitAccountId: id, creditAccountId: wallet, amount, reason }),
    },
  ];
}
