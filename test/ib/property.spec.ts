import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClients } from '../../src/clients/index.ts';
import {
  type CreatedIb,
  chainsOf,
  createIbs,
  downlineOf,
  moveIb,
  relinkClient,
  setStatus,
  uplineOf,
  verifyTree,
} from '../../src/ib/index.ts';
import { Problem } from '../../src/kernel/problem.ts';
import type { TenantTx } from '../../src/platform/tenant-tx.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';
import { NaiveTree } from './naive-tree.ts';

const HOUR_MS = 3_600_000;
const CLIENTS = 3;

/** When something takes effect: now, or at one of a few instants ahead, so that several fall on the same one. */
const when = fc.option(fc.nat({ max: 4 }), { nil: null, freq: 3 });
const place = fc.nat({ max: 30 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      parent: fc.option(place, { nil: null, freq: 5 }),
      when,
      past: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      ib: place,
      parent: fc.option(place, { nil: null, freq: 5 }),
      when,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      client: fc.nat({ max: CLIENTS - 1 }),
      ib: fc.option(place, { nil: null, freq: 5 }),
      when,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('status' as const),
      ib: place,
      status: fc.constantFrom('active' as const, 'suspended' as const, 'terminated' as const),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** One history, told to the database and to the naive tree alike. */
class Story {
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
      return this.#move(this.#ib(each.ib), each.parent === null ? null : this.#ib(each.parent), this.#at(each.when));
    if (each.kind === 'link')
      return this.#link(
        this.#clients[each.client] ?? 0,
        each.ib === null ? null : this.#ib(each.ib),
        this.#at(each.when),
      );
    return this.#status(this.#ib(each.ib), each.status);
  }

  async #move(ib: CreatedIb, parent: CreatedIb | null, effectiveAt: Date | undefined): Promise<void> {
    const move = { ibId: ib.id, parentId: parent?.id ?? null, reason: 'a story', ...(effectiveAt && { effectiveAt }) };
    const code = await codeOf(() => moveIb(this.#tx, move));
    const { recordedAt } = await knowledge(this.#tx);
    const instant = effectiveAt?.getTime() ?? recordedAt;
    expect(code).toBe(this.tree.refusal(ib.key, parent?.key ?? null, instant));
    if (code === undefined) this.tree.move(ib.key, parent?.key ?? null, instant, recordedAt);
  }

  async #link(clientKey: number, ib: CreatedIb | null, effectiveAt: Date | undefined): Promise<void> {
    const move = { clientKey, ibId: ib?.id ?? null, reason: 'a story', ...(effectiveAt && { effectiveAt }) };
    const code = await codeOf(() => relinkClient(this.#tx, move));
    const { recordedAt } = await knowledge(this.#tx);
    const instant = effectiveAt?.getTime() ?? recordedAt;
    const early = ib !== null && instant < ib.validFrom.getTime();
    const same = this.tree.linkOf(clientKey, instant) === ib?.key;
    expect(code).toBe(early ? 'ib.not_yet_valid' : same ? 'ib.move_unchanged' : undefined);
    if (code === undefined) this.tree.link(clientKey, ib?.key, instant, recordedAt);
  }

  async #status(ib: CreatedIb, status: 'active' | 'suspended' | 'terminated'): Promise<void> {
    const code = await codeOf(() => setStatus(this.#tx, { ibId: ib.id, status, reason: 'a story' }));
    const { recordedAt } = await knowledge(this.#tx);
    const from = this.tree.statusOf(ib.key, recordedAt);
    const early = recordedAt < ib.validFrom.getTime();
    expect(code).toBe(
      early ? 'ib.not_yet_valid' : from === status || from === 'terminated' ? 'ib.status_unreachable' : undefined,
    );
    if (code === undefined) this.tree.setStatus(ib.key, status === 'active' ? undefined : status, recordedAt);
  }

  /** Asks both about an IB and the clients at an instant, as known now and as known at another. */
  async ask(index: number, atMs: number, knownAtMs: number): Promise<void> {
    const { id: ibId, key } = this.#ib(index);
    const at = new Date(atMs);
    const knownAt = new Date(knownAtMs);
    expect((await uplineOf(this.#tx, { ibId, at })).map((row) => row.key)).toEqual(this.tree.upline(key, atMs));
    expect((await uplineOf(this.#tx, { ibId, at, knownAt })).map((row) => row.key)).toEqual(
      this.tree.upline(key, atMs, knownAtMs),
    );
    expect(asSet(await downlineOf(this.#tx, { ibId, at }))).toEqual(asSet(this.tree.downline(key, atMs)));
    expect(asSet(await downlineOf(this.#tx, { ibId, at, knownAt }))).toEqual(
      asSet(this.tree.downline(key, atMs, knownAtMs)),
    );
    const pairs = this.#clients.map((clientKey) => ({ clientKey, atMs }));
    const now = await chainsOf(this.#tx, pairs);
    expect(now.chains.map((chain) => chain?.levels ?? null)).toEqual(
      this.#clients.map((client) => this.tree.chain(client, atMs)),
    );
    const then = await chainsOf(this.#tx, pairs, knownAt);
    expect(then.chains.map((chain) => chain?.levels ?? null)).toEqual(
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

describe('The tree answers as a plain list of edges would', () => {
  let acme: TestTenant;
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  it('for random creations, moves, links and statuses, now and ahead, at random instants, as known at random instants', async () => {
    const question = fc.record({
      ib: place,
      at: fc.nat(),
      known: fc.nat(),
      shift: fc.constantFrom(-1, 0, 0, 1, 1_234_567),
    });
    const story = fc.record({
      steps: fc.array(step, { minLength: 15, maxLength: 40 }),
      questions: fc.array(question, { minLength: 15, maxLength: 15 }),
    });
    await fc.assert(
      fc.asyncProperty(story, async ({ steps, questions }) => {
        await acme.inTenant(async (tx) => {
          const clients = await createClients(
            tx,
            Array.from({ length: CLIENTS }, () => ({ name: 'A client' })),
          );
          const told = new Story(
            tx,
            clients.map((client) => client.key),
            Date.now(),
          );
          await told.create(null, undefined);
          for (const each of steps) await told.tell(each);
          const { valid, recorded } = told.tree.instants();
          for (const { ib, at, known, shift } of questions)
            await told.ask(
              ib,
              (valid[at % valid.length] ?? 0) + shift,
              (recorded[known % recorded.length] ?? 0) + Math.min(shift, 1),
            );
          expect(await verifyTree(tx)).toEqual([]);
        });
      }),
      { numRuns: 25, endOnFailure: false },
    );
  });
});
