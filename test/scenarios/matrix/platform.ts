import { z } from 'zod';
import type { TestApi } from '../../support/api.ts';
import { makePerson } from '../../support/people.ts';
import type { Actor } from './cast.ts';
import { operationOf, type Planted } from './world.ts';

const WithId = z.object({ id: z.string() });

/** What the installation's own host names: a tenant, work on it, entries into it, and its people. */
export async function plantPlatform(api: TestApi, operator: Actor): Promise<ReadonlyMap<string, readonly Planted[]>> {
  const tenantId = api.tenantOf('acme').id;
  const call = async (id: string, params: Readonly<Record<string, string>>, body?: object) =>
    WithId.parse(
      (
        await api.call(operationOf(id), {
          tenant: null,
          token: operator.token,
          params,
          ...(body === undefined ? {} : { body }),
        })
      ).ok(),
    ).id;
  const entry = await call('createEntry', { tenantId }, { role: 'auditor', reason: 'For the matrix', minutes: 10 });
  const operationId = await call('exportTenant', { tenantId }, { reason: 'For the matrix' });
  const invitationId = await call('inviteOperator', {}, { email: 'operator@example.com', name: 'Somebody' });
  const colleague = await makePerson(api, { tenant: null });
  const all: [string, Record<string, string>][] = [
    ['/api/v1/tenants/{tenantId}', { tenantId }],
    ['/api/v1/tenants/{tenantId}/entries/{grantId}', { tenantId, grantId: entry }],
    ['/api/v1/operations/{operationId}', { operationId }],
    ['/api/v1/operators/{userId}', { userId: colleague.id }],
    ['/api/v1/operators/invitations/{invitationId}', { invitationId }],
  ];
  const file: Planted = { params: { operationId, name: 'manifest.json' }, ties: {}, isThere: false };
  return new Map([
    ...all.map(([key, params]): [string, Planted[]] => [key, [{ params, ties: {} }]]),
    ['/api/v1/operations/{operationId}/files/{name}', [file]],
  ]);
}
