import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { query } from '../../../src/platform/query.ts';
import { IbId } from '../../../src/kernel/ids.ts';
import type { OperationForm } from '../../../src/kernel/operation.ts';
import type { TestApi } from '../../support/api.ts';
import { makePerson } from '../../support/people.ts';
import { freshId } from './rows.ts';

type Made = {
  readonly key: string;
  readonly params: Readonly<Record<string, string>>;
  readonly ties: { readonly ibId?: string };
};

type Place = {
  /** The operation of a name. */
  readonly operationOf: (id: string) => OperationForm;
  readonly api: TestApi;
  readonly by: { readonly tenant: string; readonly token: string };
  readonly ibs: readonly { readonly id: string }[];
  readonly own: { readonly ibId: IbId };
  readonly inTenant: (work: Parameters<TestApi['withTenant']>[2]) => Promise<unknown>;
};

const insertClosing = query(
  'test.insert_closing',
  z.object({}),
  `insert into payouts.closings (id, until, cut_batch, cut_at, acknowledged, reason, requested_by, approved_by, approval_id)
   values (:id, '2001-01-01', 0, clock_timestamp(), '{}', 'For the matrix', 'one', '{another}', :approvalId)`,
);

const WithId = z.object({ id: z.string() });

/** A draft of a payout run, a closed period, and disputes of two introducing brokers; the statements are there. */
export async function plantPayouts({ operationOf, api, by, ibs, own, inTenant }: Place): Promise<Made[]> {
  const closingId = freshId('clo');
  await inTenant((tx) => insertClosing(tx, { id: closingId, approvalId: freshId('apr') }));
  const drafted = await api.call(operationOf('draftPayoutRun'), {
    ...by,
    body: { kind: 'ib' },
    headers: { 'idempotency-key': randomUUID() },
  });
  const { id: runId } = WithId.parse(drafted.ok());
  const items = await api.call(operationOf('listPayoutItems'), { ...by, params: { runId } });
  const [item] = z.object({ data: z.array(WithId) }).parse(items.ok()).data;
  const other = ibs.find(({ id }) => id !== own.ibId)?.id;
  const disputes: Made[] = [];
  for (const ibId of [own.ibId, IbId.parse(other)]) {
    const { token } = await makePerson(api, { tenant: by.tenant, roles: ['ib'], ibId });
    const body = { line: { kind: 'missing' }, text: `Something of ${by.tenant} is missing` };
    const { id } = WithId.parse((await api.call(operationOf('openDispute'), { ...by, token, body })).ok());
    disputes.push({ key: '/api/v1/disputes/{disputeId}', params: { disputeId: id }, ties: { ibId } });
  }
  const itemId = item?.id ?? '';
  return [
    { key: '/api/v1/closings/{closingId}', params: { closingId }, ties: {} },
    { key: '/api/v1/payout-runs/{runId}', params: { runId }, ties: {} },
    { key: '/api/v1/payout-runs/{runId}/items/{itemId}', params: { runId, itemId }, ties: {} },
    ...disputes,
  ];
}
