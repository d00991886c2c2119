import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ApiKeyId, ApprovalId, idFromUuid, newUuid, uuidFromId } from '../../src/kernel/ids.ts';
import { Problem } from '../../src/kernel/problem.ts';
import type { Caller } from '../../src/platform/access.ts';
import { query } from '../../src/platform/query.ts';
import { createUser, defineApproval, requestApproval } from '../../src/identity/index.ts';
import { closeApproval, insertVoice } from '../../src/identity/approvals/queries.ts';
import { approve, cancel, reject } from '../../src/identity/approvals/service.ts';
import { findApproval, pageOfApprovals } from '../../src/identity/approvals/store.ts';
import { setUserStatus } from '../../src/identity/users/service.ts';
import { breach } from '../support/breach.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';
import { accessOf, callerOf } from './callers.ts';

const eventsOf = query(
  'test.events_of_approval',
  z.object({ type: z.string(), actor: z.string(), payload: z.record(z.string(), z.unknown()) }),
  'select type, actor, payload from platform.events where stream = :stream order by version',
);
const insertKey = query(
  'test.insert_api_key',
  z.object({}),
  `insert into identity.api_keys (id, name, hash, hint, scopes, addresses, created_by)
   values (:id, 'For approvals', sha256('x'), 'x', '{}', '{}', :createdBy)`,
);
const planted = (set: string, id: ApprovalId): string =>
  `update identity.approvals set ${set} where id = '${uuidFromId(id)}'`;

/** What the kinds of these tests are about, and how often it was done. */
const world = { content: 'as asked', done: 0, refuses: false, breaks: false };
const Payload = z.strictObject({ what: z.string() });
const kindOf = (kind: string, voicesNeeded: 1 | 2) =>
  defineApproval({
    kind,
    voicesNeeded,
    right: { action: 'approve', resource: 'plans' },
    payload: Payload,
    fingerprint: () => Promise.resolve(world.content),
    execute: (_tx, { what }, { approvedBy }) => {
      if (world.refuses) throw new Problem('test.refused', { status: 409, title: 'It cannot be done' });
      if (world.breaks) throw new Error('the database went away');
      world.done += 1;
      return Promise.resolve({ what, voices: approvedBy.length });
    },
  });
const single = kindOf('test.single', 1);
const double = kindOf('test.double', 2);
const kinds = [single, double];
const code = (error: unknown): unknown => (error instanceof Problem ? error.code : error);

describe('What one person asks for and another must agree to', () => {
  let acme: TestTenant;
  let asker: Caller;
  let count = 0;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());
  beforeEach(() => {
    asker = callerOf();
    Object.assign(world, { content: 'as asked', done: 0, refuses: false, breaks: false });
  });

  const ask = async (kind = single, by = asker) => {
    const what = `thing ${(count += 1)}`;
    const asked = await acme.inTenant((tx) =>
      requestApproval(
        tx,
        kind,
        { what },
        { subject: 'pln_1', summary: `Do ${what}`, reason: 'because', access: accessOf(by) },
      ),
    );
    return { id: ApprovalId.parse(asked.approvalId), hash: asked.hash };
  };
  const agree = (asked: { id: ApprovalId; hash: string }, by = callerOf(), mayAll = () => true) =>
    approve(
      { withTenant: acme.tenancy.withTenant, kinds },
      { tenantId: acme.tenant.id, access: accessOf(by), note: null, mayAll, ...asked },
    ).then(() => 'agreed', code);
  const stateOf = async ({ id }: { id: ApprovalId }) =>
    acme.inTenant((tx) => findApproval(tx, id, { everything: true, person: '' }));
  const inTenant = <T>(work: Parameters<typeof acme.inTenant<T>>[0]) => acme.inTenant(work).then(() => 'done', code);

  it('is done once, with the voice of somebody else, and says so in the chain of events', async () => {
    const asked = await ask();
    const other = callerOf();
    expect(await agree(asked, other)).toBe('agreed');
    expect(world.done).toBe(1);
    expect(await stateOf(asked)).toMatchObject({
      state: 'approved',
      requestedBy: asker.id,
      voices: [{ userId: other.id, voice: 'approve' }],
      result: { voices: 1 },
    });
    const events = await acme.inTenant((tx) => eventsOf(tx, { stream: `approvals/${asked.id}` }));
    expect(events.map(({ type }) => type)).toEqual([
      'identity.approval_requested',
      'identity.approval_voiced',
      'identity.approval_closed',
    ]);
    expect(events[1]).toMatchObject({ actor: other.id, payload: { hash: asked.hash, userId: other.id } });
    expect(events[2]?.payload).toMatchObject({ before: 'pending', after: 'approved' });
    expect(await agree(asked)).toBe('identity.approval_closed');
  });

  it('is never changed after it was asked, not by the application either', async () => {
    const { id } = await ask();
    const change = query(
      'test.change_approval',
      z.object({}),
      `update identity.approvals set payload = '{}' where id = :id`,
    );
    await expect(acme.inTenant((tx) => change(tx, { id }))).rejects.toThrow('permission denied');
  });

  it('is never approved by who asked, whatever role or surface he comes with', async () => {
    const asked = await ask();
    expect(await agree(asked, asker)).toBe('identity.approval_own');
    expect(await agree(asked, { ...asker, roles: ['owner', 'finance'] })).toBe('identity.approval_own');
    expect(await inTenant((tx) => reject(tx, { id: asked.id, access: accessOf(asker), reason: 'no' }))).toBe(
      'identity.approval_own',
    );
    expect(world.done).toBe(0);
  });

  it('is never approved by who made the key that asked: a program is its maker', async () => {
    const maker = callerOf();
    const keyId = ApiKeyId.parse(idFromUuid('key', newUuid(Date.now())));
    await acme.inTenant((tx) => insertKey(tx, { id: keyId, createdBy: maker.id }));
    const asked = await ask(single, callerOf({ kind: 'api_key', surface: 'api', id: keyId, provenAt: null }));
    expect(await agree(asked, maker)).toBe('identity.approval_own');
    expect(await agree(asked)).toBe('agreed');
    expect((await stateOf(asked))?.requestedBy).toBe(keyId);
  });

  it('is guarded by the database too: no voice of who asked, and nothing done without the voices that are needed', async () => {
    const { id } = await ask();
    const own = { approvalId: id, userId: asker.id, person: asker.id, voice: 'approve', note: null };
    await expect(acme.inTenant((tx) => insertVoice(tx, own))).rejects.toThrow('nobody decides over what he asked for');
    const done = { id, state: 'approved', result: null };
    await expect(acme.inTenant((tx) => closeApproval(tx, done))).rejects.toThrow('lacks voices');
  });

  it('needs the right of its kind beside the right to decide', async () => {
    expect(await agree(await ask(), callerOf(), () => false)).toBe('identity.forbidden');
    expect(world.done).toBe(0);
  });

  it('is done once when many approve at the same moment', async () => {
    const asked = await ask();
    const answers = await Promise.all(Array.from({ length: 8 }, () => agree(asked)));
    expect(answers.filter((answer) => answer === 'agreed')).toHaveLength(1);
    expect(new Set(answers)).toEqual(new Set(['agreed', 'identity.approval_closed']));
    expect(world.done).toBe(1);
  });

  it('waits for two different voices where its kind says so', async () => {
    const asked = await ask(double);
    const first = callerOf();
    expect(await agree(asked, first)).toBe('agreed');
    expect(await agree(asked, first)).toBe('identity.approval_repeated');
    expect({ done: world.done, state: (await stateOf(asked))?.state }).toEqual({ done: 0, state: 'pending' });
    expect(await agree(asked)).toBe('agreed');
    expect({ done: world.done, state: (await stateOf(asked))?.state }).toEqual({ done: 1, state: 'approved' });
  });

  it('is not done where the content has changed since it was asked, or the hash is of something else', async () => {
    const asked = await ask();
    expect(await agree({ ...asked, hash: '0'.repeat(64) })).toBe('identity.approval_mismatch');
    world.content = 'changed meanwhile';
    expect(await agree(asked)).toBe('identity.approval_outdated');
    world.content = 'as asked';
    await breach(acme, planted(`payload = '{"what":"something else"}'`, asked.id));
    expect(await agree(asked)).toBe('identity.approval_mismatch');
    expect(world.done).toBe(0);
  });

  it.each(['suspended', 'closed'] as const)('is not done for somebody who is %s since he asked', async (status) => {
    const person = { email: `asked-then-${status}@example.com`, name: 'Robin', roles: ['admin'], isVerified: true };
    const id = await acme.inTenant((tx) => createUser(tx, person));
    const asked = await ask(single, callerOf({ id }));
    await acme.inTenant((tx) => setUserStatus(tx, id, status, 'left the firm'));
    expect(await agree(asked)).toBe('identity.approval_outdated');
    expect(world.done).toBe(0);
    expect(await stateOf(asked)).toMatchObject({ state: 'pending', voices: [] });
    const refusal = { id: asked.id, access: accessOf(callerOf()), reason: 'he left' };
    expect(await inTenant((tx) => reject(tx, refusal))).toBe('done');
  });

  it('runs out after seven days by the database’s clock', async () => {
    const asked = await ask();
    await breach(acme, planted(`expires_at = clock_timestamp() - interval '1 second'`, asked.id));
    expect((await stateOf(asked))?.state).toBe('expired');
    expect(await agree(asked)).toBe('identity.approval_closed');
    await ask(); // Whoever asks next writes it down.
    const events = await acme.inTenant((tx) => eventsOf(tx, { stream: `approvals/${asked.id}` }));
    expect(events.at(-1)?.payload).toMatchObject({ before: 'pending', after: 'expired' });
  });

  it('is closed as failed where it cannot be done, and waits on where the system failed', async () => {
    world.breaks = true;
    const asked = await ask();
    expect(await agree(asked)).toEqual(new Error('the database went away'));
    expect(await stateOf(asked)).toMatchObject({ state: 'pending', voices: [] });
    Object.assign(world, { breaks: false, refuses: true });
    expect(await agree(asked)).toBe('identity.approval_failed');
    expect(await stateOf(asked)).toMatchObject({ state: 'failed', result: { code: 'test.refused' } });
  });

  it('is rejected by one voice, and taken back by who asked alone', async () => {
    const rejected = await ask();
    const refusal = { id: rejected.id, access: accessOf(callerOf()), reason: 'too much' };
    expect(await inTenant((tx) => reject(tx, refusal))).toBe('done');
    expect(await stateOf(rejected)).toMatchObject({
      state: 'rejected',
      voices: [{ voice: 'reject', note: 'too much' }],
    });
    const asked = await ask();
    const takeBack = (by: Caller) => inTenant((tx) => cancel(tx, { id: asked.id, access: accessOf(by) }));
    expect(await takeBack(callerOf())).toBe('identity.approval_others');
    expect(await takeBack(asker)).toBe('done');
    expect(await takeBack(asker)).toBe('identity.approval_closed');
    expect(await agree(asked)).toBe('identity.approval_closed');
  });

  it('waits once: the very same is not asked twice', async () => {
    const asking = () =>
      inTenant((tx) => {
        const request = { subject: 'pln_1', summary: 'Again', reason: 'because', access: accessOf(asker) };
        return requestApproval(tx, single, { what: 'the same' }, request);
      });
    expect([await asking(), await asking()]).toEqual(['done', 'identity.approval_pending']);
  });

  it('is listed by state, kind and who asked, in pages', async () => {
    const mine = [await ask(double), await ask(double), await ask(double)].map(({ id }) => id);
    const seen = { everything: true, person: asker.id };
    const list = (more: Partial<Parameters<typeof pageOfApprovals>[2]>) =>
      acme.inTenant((tx) => pageOfApprovals(tx, seen, { limit: 2, sort: '-requestedAt', mine: 'true', ...more }));
    const first = await list({});
    const rest = await list({ cursor: first.nextCursor ?? '' });
    expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual(mine.toReversed());
    expect(rest.nextCursor).toBeNull();
    expect((await list({ state: 'rejected' })).data).toEqual([]);
    expect((await list({ kind: 'test.single' })).data).toEqual([]);
    const others = await acme.inTenant((tx) =>
      pageOfApprovals(tx, { everything: false, person: callerOf().id }, { limit: 2, sort: 'requestedAt' }),
    );
    expect(others.data).toEqual([]);
  });
});
