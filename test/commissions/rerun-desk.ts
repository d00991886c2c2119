import { expect } from 'vitest';
import { z } from 'zod';
import {
  chargebackTask,
  recompute,
  rerunApplication,
  rerunPreview,
  verifyBookings,
} from '../../src/commissions/index.ts';
import * as contract from '../../src/commissions/reruns/contract.ts';
import { approveApproval } from '../../src/identity/approvals/contract.ts';
import type { RerunId } from '../../src/kernel/ids.ts';
import { listLedgerAccounts } from '../../src/ledger/accounts/contract.ts';
import { verifyLedger } from '../../src/ledger/index.ts';
import { listTasks } from '../../src/platform/tasks/contract.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { query } from '../../src/platform/query.ts';
import type { WithTenant } from '../../src/platform/tenant-tx.ts';
import { USD } from '../ledger/support.ts';
import { testLog } from '../support/tenancy.ts';
import type { MoneyDesk } from './money-desk.ts';

/** A period that was closed up to the middle of March. */
export const closing = query(
  'test.closing',
  z.object({}),
  `
  insert into payouts.closings (id, until, cut_batch, cut_at, previous_key, acknowledged, reason, requested_by, approved_by, approval_id)
  select :id, '2026-03-15Z', coalesce(max(key), 0), now(), null, '{}', 'the half of the month', 'test', '{}', :approvalId from commissions.batches`,
);
export const PERIOD = { from: '2026-03-01T00:00:00Z', to: '2026-04-01T00:00:00Z' };
export const REASON = 'An introducing broker was below the wrong one';
const LEASE_MS = 30_000;

/** What people and workers do with re-runs. */
export function workers(desk: MoneyDesk) {
  const { api, people } = desk;
  const { id: tenantId } = api.tenantOf('acme');
  const queued = async () =>
    (await api.call(listTasks, { token: people.owner, query: { state: 'queued' as const } })).ok().data;
  const kinds = [rerunPreview, rerunApplication, chargebackTask];
  const run = (id: string | null, withTenant: WithTenant = api.withTenant, leaseMs = LEASE_MS): Promise<void> =>
    runTask({ withTenant, kinds, leaseMs, log: testLog }, tenantId, id as never);
  const work = async (): Promise<void> => {
    for (const { id } of await queued()) await run(id);
  };
  type Body = z.input<typeof contract.askRerun.body>;
  const ask = (body: Partial<Body> = {}, token = people.finance) =>
    api.call(contract.askRerun, { token, body: { selection: PERIOD, reason: REASON, ...body } });
  const read = async (rerunId: RerunId) =>
    (await api.call(contract.readRerun, { token: people.finance, params: { rerunId } })).ok();
  const prepared = async (body: Partial<Body> = {}) => {
    const { rerunId } = (await ask(body)).ok();
    await work();
    return read(rerunId);
  };
  const apply = (rerunId: RerunId, token = people.finance) =>
    api.call(contract.applyRerun, { token, params: { rerunId } });
  const agree = (asked: { readonly approvalId: string; readonly hash: string }, token: string) =>
    api.call(approveApproval, { token, params: { approvalId: asked.approvalId }, body: { hash: asked.hash } });
  const agreed = async (rerunId: RerunId) => {
    const asked = (await apply(rerunId)).ok();
    (await agree(asked, people.otherFinance)).ok();
    (await agree(asked, people.owner)).ok();
  };
  return { run, work, ask, read, prepared, apply, agree, agreed, tenantId };
}

export const usd = async (desk: MoneyDesk, purpose: 'ib_payable' | 'ib_receivable', name: string): Promise<string> => {
  const asked = { token: desk.people.owner, query: { purpose, owner: desk.ibOf(name) as never, currency: USD } };
  return (await desk.api.call(listLedgerAccounts, asked)).ok().data[0]?.balance.amount ?? '0';
};
export const payables = async (desk: MoneyDesk) =>
  Promise.all(['Maria', 'Omar', 'Lena', 'Zoe'].map((name) => usd(desk, 'ib_payable', name)));
export const holds = (desk: MoneyDesk) =>
  desk.inTenant(async (tx) => {
    expect((await verifyBookings(tx)).findings).toEqual([]);
    expect((await recompute(tx)).findings).toEqual([]);
    expect(await verifyLedger(tx)).toEqual([]);
  });
