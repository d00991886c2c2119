import assert from 'node:assert/strict';
import fc from 'fast-check';
import { carryOutAmendments, correctLateEntries } from '../../src/commissions/amendments/service.ts';
import {
  beneficiaryTotals,
  recompute,
  rerunApplication,
  rerunApproval,
  rerunPreview,
  verifyBookings,
} from '../../src/commissions/index.ts';
import { mendParked } from '../../src/commissions/mending/service.ts';
import { askRerun, rerunNow } from '../../src/commissions/reruns/service.ts';
import { moveIb } from '../../src/ib/index.ts';
import { encodeId, TaskId } from '../../src/kernel/ids.ts';
import { Problem } from '../../src/kernel/problem.ts';
import { trialBalance, verifyLedger } from '../../src/ledger/index.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { type RawDeal, verifyFeed } from '../../src/trading/index.ts';
import type { Brokerage } from '../support/brokerage.ts';
import { testLog, type TestTenant } from '../support/tenancy.ts';

const NAMES = ['Maria', 'Omar', 'Lena', 'Kim'];
export const PLAN = { plan: { filters: [{ kind: 'minimum_time_open' as const, seconds: 60 }], traderRebate: '30' } };
const REASON = 'a story';

const place = fc.nat({ max: 40 });
export const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      lots: fc.integer({ min: 1, max: 500 }),
      late: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      deal: place,
      seconds: fc.integer({ min: 1, max: 90 }),
      other: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), deal: place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const), deal: place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      ib: fc.nat({ max: 3 }),
      parent: fc.nat({ max: 4 }),
      day: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('book' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('amend' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rerun' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;
type Position = { readonly open: RawDeal; close: RawDeal; isOpenTold: boolean; isDeleted: boolean };
type Move = { readonly ib: string; readonly parent: string | null; readonly effectiveAt: Date };

/** A tenant to which a story happens, and what is true at the end of it. */
export class Told {
  readonly acme: TestTenant;
  readonly house: Brokerage;
  readonly positions: Position[] = [];
  readonly moves: Move[] = [];
  #volume = 0;

  constructor(acme: TestTenant, house: Brokerage) {
    this.acme = acme;
    this.house = house;
  }

  async tell(each: Step): Promise<void> {
    if (each.kind === 'add') return this.#add(each.lots, each.late);
    if (each.kind === 'book') return void (await this.house.book());
    if (each.kind === 'amend') return this.amend();
    if (each.kind === 'rerun') return this.rerun();
    if (each.kind === 'move') return this.#move(each.ib, each.parent, each.day);
    const position = this.positions[each.deal % Math.max(1, this.positions.length)];
    if (position === undefined) return;
    if (each.kind === 'open') return this.#open(position);
    if (each.kind === 'delete') {
      position.isDeleted = true;
      const { Deal = '', Login = '' } = position.close;
      await this.house.tell([{ type: 'deal.delete', deal: { Deal, Login } }]);
      return;
    }
    this.#volume += 1;
    const deal = {
      ...position.close,
      Login: String(this.house.logins[each.other ? 1 : 0]),
      Symbol: each.other ? 'GBPUSD' : 'EURUSD',
      VolumeExt: String(this.#volume * 1_000_000),
      TimeMsc: Number(position.open['TimeMsc']) + each.seconds * 1_000,
    };
    await this.house.tell([{ type: 'deal.update', deal }]);
    if (!position.isDeleted) position.close = deal;
  }

  async #add(lots: number, late: boolean): Promise<void> {
    const [open, close] = this.house.deal({
      lots: (lots / 100).toFixed(2),
      heldMs: lots % 3 === 0 ? 30_000 : 3_600_000,
    });
    if (open === undefined || close === undefined) throw new Error('a position has two deals');
    this.positions.push({ open, close, isOpenTold: !late, isDeleted: false });
    await this.house.feed(late ? [close] : [open, close]);
  }

  async #open(position: Position): Promise<void> {
    if (!position.isOpenTold) await this.house.feed([position.open]);
    position.isOpenTold = true;
  }

  async #move(ib: number, parent: number, day: number): Promise<void> {
    const move = { ib: NAMES[ib] ?? '', parent: NAMES[parent] ?? null, effectiveAt: new Date(Date.UTC(2026, 2, day)) };
    if (await this.make(move)) this.moves.push(move);
  }

  /** Whether a move can be made, and was. */
  async make({ ib, parent, effectiveAt }: Move): Promise<boolean> {
    const idOf = (name: string) => this.house.ibs.get(name)?.id as never;
    const asked = { ibId: idOf(ib), parentId: parent === null ? null : idOf(parent), effectiveAt };
    return this.acme
      .inTenant((tx) => moveIb(tx, { ...asked, backdated: true, reason: REASON }))
      .then(() => true)
      .catch((error: unknown) => {
        if (error instanceof Problem) return false;
        throw error;
      });
  }

  async amend(): Promise<void> {
    const { books } = this.house.memory;
    await this.acme.inTenant((tx) => carryOutAmendments(tx, books, { after: 0n }));
    await this.acme.inTenant((tx) => correctLateEntries(tx, books));
    await this.acme.inTenant((tx) => mendParked(tx, new Map()));
  }

  async rerun(): Promise<void> {
    const { tenancy, tenant, inTenant } = this.acme;
    const { withTenant } = tenancy;
    const kinds = [rerunPreview, rerunApplication];
    const work = (id: TaskId) => runTask({ withTenant, kinds, leaseMs: 30_000, log: testLog }, tenant.id, id);
    const selection = { from: new Date('2026-01-01T00:00:00Z') };
    const { rerunId, taskId } = await inTenant((tx) => askRerun(tx, { selection, terms: {}, reason: REASON }));
    await work(taskId);
    const { digest } = await inTenant((tx) => rerunNow(tx, rerunId));
    const approvalId = encodeId('apr', BigInt(this.moves.length + 1)) as never;
    const by = { approvalId, requestedBy: 'test', approvedBy: [], reason: REASON };
    const result = await inTenant((tx) => rerunApproval.execute(tx, { rerunId, digest }, by));
    await work(TaskId.parse(result?.['taskId']));
    assert.equal((await inTenant((tx) => rerunNow(tx, rerunId))).state, 'applied');
  }

  /** All is told, taken up, booked and run again by what is known at last. */
  async end(): Promise<void> {
    for (const position of this.positions) await this.#open(position);
    for (let round = 0; round < 2; round += 1) {
      await this.amend();
      await this.house.book();
    }
    await this.amend();
    await this.rerun();
  }

  async totals(): Promise<Record<string, bigint>> {
    const names = new Map([...this.house.ibs].map(([name, { key }]) => [key, name]));
    const rows = await this.acme.inTenant((tx) => beneficiaryTotals(tx));
    return Object.fromEntries<bigint>(
      rows
        .filter(({ units }) => units !== 0n)
        .map(({ kind, beneficiary, units }) => [
          kind === 'ib' ? (names.get(beneficiary) ?? '') : `${kind} ${beneficiary}`,
          units,
        ]),
    );
  }

  async holds(): Promise<void> {
    const totals = await this.totals();
    await this.acme.inTenant(async (tx) => {
      assert.deepEqual((await verifyBookings(tx)).findings, []);
      assert.deepEqual((await recompute(tx)).findings, []);
      assert.deepEqual(await verifyLedger(tx), []);
      assert.deepEqual(await verifyFeed(tx), []);
      const balance = await trialBalance(tx);
      const net = (purpose: string): bigint => balance.find((line) => line.purpose === purpose)?.net ?? 0n;
      const owed = Object.entries(totals).reduce((sum, [name, units]) => (name === 'house 0' ? sum : sum + units), 0n);
      assert.equal(net('commission_expense'), owed);
    });
  }
}
