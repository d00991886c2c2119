import assert from 'node:assert/strict';
import {
  type CreatedIb,
  chainsOf,
  createIbs,
  downlineOf,
  type IbStatus,
  moveIb,
  relinkClient,
  setStatus,
  uplineOf,
} from '../../src/ib/index.ts';
import { Problem } from '../../src/kernel/problem.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { NaiveTree } from './naive-tree.ts';

const HOUR_MS = 3_600_000;

/** One change; places name an IB by its number in the story, hours an instant ahead or in the past, null is now or nobody. */
export type Step =
  | { readonly kind: 'create'; readonly parent: number | null; readonly when: number | null; readonly past: boolean }
  | {
      readonly kind: 'move';
      readonly ib: number;
      readonly parent: number | null;
      readonly when: number | null;
      readonly past: boolean;
    }
  | {
      readonly kind: 'link';
      readonly client: number;
      readonly ib: number | null;
      readonly when: number | null;
      readonly past: boolean;
    }
  | { readonly kind: 'status'; readonly ib: number; readonly status: IbStatus };

/** One history, told to the database and to the naive tree alike. */
export class Story {
  readonly tree = new NaiveTree();
  readonly ibs: CreatedIb[] = [];
  readonly #tx: TenantTx;
  readonly #clients: readonly number[];
  readonly #startMs: number;

  constructor(tx: TenantTx, clients: readonly number[], startMs: number) {
    this.#tx = tx;
    this.#clients = clients;
    this.#startMs = startMs;
  }

  #at(hours: number | null): Date | undefined {
    return hours === null ? undefined : new Date(this.#startMs + (hours + 1) * HOUR_MS);
  }

  /** Ahead, or as far in the past. */
  #when({ when, past }: { readonly when: number | null; readonly past: boolean }): Date | undefined {
    return past && when !== null ? new Date(this.#startMs - when * HOUR_MS) : this.#at(when);
  }

  #ib(index: number): CreatedIb {
    const ib = this.ibs[index % this.ibs.length];
    if (ib === undefined) throw new Error('a story begins with an IB');
    return ib;
  }

  async create(parent: number | null, validFrom: Date | undefined): Promise<void> {
    const above = parent === null || this.ibs.length === 0 ? null : this.#ib(parent);
    const from = above !== null && validFrom !== undefined && validFrom < above.validFrom ? above.validFrom : validFrom;
    if (above !== null && from === undefined && above.validFrom.getTime() > this.#startMs) return; // Its parent is yet to come.
    const created = await createIbs(this.#tx, [
      { name: 'An IB', parent: above?.id ?? null, ...(from && { validFrom: from }) },
    ]);
    for (const ib of created) {
      const { recordedAt } = await knowledge(this.#tx);
      this.ibs.push(ib);
      this.tree.create(ib.key, above?.key ?? null, ib.validFrom.getTime(), recordedAt);
    }
  }

  async tell(each: Step): Promise<void> {
    if (each.kind === 'create')
      return this.create(
        each.parent,
        each.past ? new Date(this.#startMs - (each.when ?? 9) * HOUR_MS) : this.#at(each.when),
      );
    if (each.kind === 'move')
      return this.#move(this.#ib(each.ib), each.parent === null ? null : this.#ib(each.parent), this.#when(each));
    if (each.kind === 'link')
      return this.#link(this.#clients[each.client] ?? 0, each.ib === null ? null : this.#ib(each.ib), this.#when(each));
    return this.#status(this.#ib(each.ib), each.status);
  }

  async #move(ib: CreatedIb, parent: CreatedIb | null, effectiveAt: Date | undefined): Promise<void> {
    const when = effectiveAt && { effectiveAt, backdated: effectiveAt.getTime() <= this.#startMs };
    const move = { ibId: ib.id, parentId: parent?.id ?? null, reason: 'a story', ...when };
    const code = await codeOf(() => moveIb(this.#tx, move));
    const { recordedAt } = await knowledge(this.#tx);
    const instant = effectiveAt?.getTime() ?? recordedAt;
    assert.equal(code, this.tree.refusal(ib.key, parent?.key ?? null, instant));
    if (code === undefined) this.tree.move(ib.key, parent?.key ?? null, instant, recordedAt);
  }

  async #link(clientKey: number, ib: CreatedIb | null, effectiveAt: Date | undefined): Promise<void> {
    const when = effectiveAt && { effectiveAt, backdated: effectiveAt.getTime() <= this.#startMs };
    const move = { clientKey, ibId: ib?.id ?? null, reason: 'a story', ...when };
    const code = await codeOf(() => relinkClient(this.#tx, move));
    const { recordedAt } = await knowledge(this.#tx);
    const instant = effectiveAt?.getTime() ?? recordedAt;
    const early = ib !== null && instant < ib.validFrom.getTime();
    const same = this.tree.linkOf(clientKey, instant) === ib?.key;
    assert.equal(code, early ? 'ib.not_yet_valid' : same ? 'ib.move_unchanged' : undefined);
    if (code === undefined) this.tree.link(clientKey, ib?.key, instant, recordedAt);
  }

  async #status(ib: CreatedIb, status: IbStatus): Promise<void> {
    const code = await codeOf(() => setStatus(this.#tx, { ibId: ib.id, status, reason: 'a story' }));
    const { recordedAt } = await knowledge(this.#tx);
    const from = this.tree.statusOf(ib.key, recordedAt);
    const early = recordedAt < ib.validFrom.getTime();
    assert.equal(
      code,
      early ? 'ib.not_yet_valid' : from === status || from === 'terminated' ? 'ib.status_unreachable' : undefined,
    );
    if (code === undefined) this.tree.setStatus(ib.key, status === 'active' ? undefined : status, recordedAt);
  }

  /** Asks both about an IB and the clients at an instant, as known now and as known at another. */
  async ask(index: number, atMs: number, knownAtMs: number): Promise<void> {
    const { id: ibId, key } = this.#ib(index);
    const at = new Date(atMs);
    const knownAt = new Date(knownAtMs);
    assert.deepEqual(
      (await uplineOf(this.#tx, { ibId, at })).map((row) => row.key),
      this.tree.upline(key, atMs),
    );
    assert.deepEqual(
      (await uplineOf(this.#tx, { ibId, at, knownAt })).map((row) => row.key),
      this.tree.upline(key, atMs, knownAtMs),
    );
    assert.deepEqual(asSet(await downlineOf(this.#tx, { ibId, at })), asSet(this.tree.downline(key, atMs)));
    assert.deepEqual(
      asSet(await downlineOf(this.#tx, { ibId, at, knownAt })),
      asSet(this.tree.downline(key, atMs, knownAtMs)),
    );
    const pairs = this.#clients.map((clientKey) => ({ clientKey, atMs }));
    const now = await chainsOf(this.#tx, pairs);
    assert.deepEqual(
      now.chains.map((chain) => chain?.levels ?? null),
      this.#clients.map((client) => this.tree.chain(client, atMs)),
    );
    const then = await chainsOf(this.#tx, pairs, knownAt);
    assert.deepEqual(
      then.chains.map((chain) => chain?.levels ?? null),
      this.#clients.map((client) => this.tree.chain(client, atMs, knownAtMs)),
    );
  }
}

const asSet = (rows: readonly { key: number; depth: number }[]): string[] =>
  rows.map(({ key, depth }) => `${key}@${depth}`).sort();

/** The instant of the latest change. */
const knowledge = async (tx: TenantTx): Promise<{ recordedAt: number }> => ({
  recordedAt: (await chainsOf(tx, [])).knownAt.getTime(),
});

async function codeOf(run: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}
