import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { holdSettlement } from '../../src/commissions/index.ts';
import { award } from '../../src/commissions/awards/service.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { TaskId } from '../../src/kernel/ids.ts';
import { runCli } from '../../src/main/cli/program.ts';
import { cycleInWords } from '../../src/main/cli/statements.ts';
import { cyclesDue } from '../../src/payouts/cycles/service.ts';
import { insertSchedule } from '../../src/payouts/schedules/service.ts';
import { settleStatements, statementRun, workOn } from '../../src/payouts/statements/jobs.ts';
import { verifyStatements } from '../../src/payouts/verify/service.ts';
import { query } from '../../src/platform/query.ts';
import { runTask } from '../../src/platform/tasks/index.ts';
import { openBrokerage } from '../support/brokerage.ts';
import { openTestTenancy, openTestTenant, testLog } from '../support/tenancy.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { allStatements, issueUpTo, setDefault, statementSealer, termsOf } from './statement-desk.ts';

const USD = Currency.parse('USD');
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 2, 2);
const tasks = query('test.tasks_of_kind', z.object({ id: TaskId, state: z.string() }), `
  select id, state from platform.tasks where kind = :kind order by created_at`); // prettier-ignore

let tenancy: Tenancy;
beforeAll(async () => {
  tenancy = await openTestTenancy();
});
afterAll(() => tenancy.close());

describe('Statements that are due', () => {
  it('are made by a task when a round of settling finds them, and once, however often it looks', async () => {
    const at = await openTestTenant(tenancy);
    const brokerage = await openBrokerage(at, { chain: 'Maria 8.00 > Kim 4.00', clients: 1 });
    await brokerage.feed(brokerage.deal({ closedAt: new Date('2026-03-10T10:00:00Z') }));
    await brokerage.book();
    const run = statementRun(() => statementSealer);
    const settle = () => settleStatements({ withTenant: at.tenancy.withTenant, run }, at.tenant.id);
    const found = () => at.inTenant((tx) => tasks(tx, { kind: 'payouts.statements' }));
    await Promise.all([settle(), settle()]);
    const [task] = await found();
    if (task === undefined) throw new Error('nothing was asked for');
    const deps = { withTenant: at.tenancy.withTenant, kinds: [run], leaseMs: 60_000, log: testLog };
    await Promise.all([runTask(deps, at.tenant.id, task.id), runTask(deps, at.tenant.id, task.id)]);
    await settle();
    expect((await found()).map(({ state }) => state)).toEqual(['done']);
    expect((await allStatements(at.inTenant)).map(({ number, startsAt }) => [number, startsAt])).toEqual([
      [1, null],
      [1, null],
    ]);
  });
});

/** Something that happens: days count from the start, `late` says for how many of them a trade was under way to us. */
type Step =
  | { readonly kind: 'trade'; readonly day: number; readonly late: number; readonly lots: number }
  | { readonly kind: 'take back'; readonly units: number }
  | { readonly kind: 'days' }
  | { readonly kind: 'schedule'; readonly cycle: 'daily' | 'weekly' | 'monthly'; readonly minimum: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('trade' as const), day: fc.nat(40), late: fc.nat(3), lots: fc.integer({ min: 1, max: 30_000 }) }) }, // prettier-ignore
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take back' as const), units: fc.integer({ min: 1, max: 20_000_000 }) }) }, // prettier-ignore
  { weight: 4, arbitrary: fc.constant({ kind: 'days' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('schedule' as const), cycle: fc.constantFrom('daily', 'weekly', 'monthly'), minimum: fc.nat(20) }) }, // prettier-ignore
);

describe('Cycles that are due', () => {
  it('are those of schedules in use: none comes of one that was left before its last end', async () => {
    const { inTenant } = await openTestTenant(tenancy);
    const due = async (at: string) =>
      (await inTenant((tx) => cyclesDue(tx, new Date(at)))).map(
        ({ signature, endsAt }) => `${signature} ${endsAt.toISOString().slice(5, 10)}`,
      );
    expect(await due('2026-03-10T12:00:00Z')).toEqual(['monthly+0 03-01']);
    await setDefault(inTenant, {}, '2026-03-10T12:00:00Z');
    expect(await due('2026-03-10T12:00:01Z')).toEqual(['daily+0 03-10', 'monthly+0 03-01']);
    await issueUpTo(inTenant, '2026-03-10T00:00:00Z');
    await issueUpTo(inTenant, '2026-03-01T00:00:00Z', { cycle: { kind: 'monthly' } });
    expect(await due('2026-03-12T00:00:00Z')).toEqual(['daily+0 03-12']);
    await setDefault(inTenant, { cycle: { kind: 'hourly' } }, '2026-03-12T12:00:00Z');
    expect(await due('2026-04-01T00:00:00Z')).toEqual(['daily+0 04-01', 'hourly+0 04-01', 'monthly+0 04-01']);
    await issueUpTo(inTenant, '2026-04-01T00:00:00Z');
    await issueUpTo(inTenant, '2026-04-01T00:00:00Z', { cycle: { kind: 'monthly' } });
    await issueUpTo(inTenant, '2026-04-01T00:00:00Z', { cycle: { kind: 'hourly' } });
    expect(await due('2026-05-01T00:00:00Z')).toEqual(['hourly+0 05-01']);
  });
});

describe('Cycles of two schedules that are made at the same time', () => {
  it('tell of each entry once, whichever draws its line first and whichever ends first', async () => {
    const at = await openTestTenant(tenancy);
    const brokerage = await openBrokerage(at, { chain: 'Maria 8.00 > Kim 4.00', clients: 1 });
    const trade = async (closedAt: string): Promise<void> => {
      await brokerage.feed(brokerage.deal({ closedAt: new Date(closedAt) }));
      await brokerage.book();
    };
    const monthly = { cycle: { kind: 'monthly' } };
    await setDefault(at.inTenant);
    await setDefault(at.inTenant, monthly, '2026-04-01T00:00:00Z');
    await trade('2026-03-20T10:00:00Z');
    await trade('2026-03-31T10:00:00Z');
    const due = { signature: 'monthly+0', endsAt: new Date('2026-04-01T00:00:00Z') };
    await at.inTenant((tx) => workOn(tx, due, statementSealer)); // Draws its line, and is held up.
    await trade('2026-03-21T10:00:00Z');
    await issueUpTo(at.inTenant, '2026-03-31T00:00:00Z');
    await issueUpTo(at.inTenant, '2026-04-01T00:00:00Z', monthly);
    await issueUpTo(at.inTenant, '2026-05-01T00:00:00Z', monthly);
    const paid = (await allStatements(at.inTenant)).map(({ payableUnits }) => payableUnits);
    expect(paid.reduce((sum, units) => sum + units, 0n)).toBe(3n * 8_000_000n);
    expect((await at.inTenant(verifyStatements)).findings).toEqual([]);
  });
});

describe('Whatever happens', () => {
  it('each entry is told of once, what is carried goes on, and all of it is what the ledger says', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 24 }), async (steps) => {
        const at = await openTestTenant(tenancy);
        const brokerage = await openBrokerage(at, { chain: 'Maria 8.00 > Kim 4.00', clients: 1, plan: { traderRebate: '10' } }); // prettier-ignore
        await setDefault(at.inTenant);
        const kim = brokerage.ibs.get('Kim');
        if (kim === undefined) throw new Error('Kim is lost');
        let nowMs = START_MS + DAY_MS;
        for (const [place, each] of steps.entries()) {
          const iso = new Date(nowMs).toISOString();
          if (each.kind === 'trade') {
            const closedAt = new Date(Math.max(START_MS, nowMs - each.late * DAY_MS - 1 - each.day * 3_600_000));
            await brokerage.feed(brokerage.deal({ closedAt, lots: (each.lots / 10_000).toFixed(4) }));
            await brokerage.book();
          } else if (each.kind === 'take back')
            await at.inTenant(async (tx) => {
              await holdSettlement(tx);
              const units = -BigInt(each.units);
              const parts = [{ kind: 'ib', beneficiary: kim.key, depth: 0, units }] as const;
              const about = { planVersionKey: null, component: 0, clientKey: null, ibKey: kim.key, currency: USD };
              const taken = {
                ...about,
                kind: 'clawback',
                earnedAt: new Date(nowMs - 1),
                units,
                inputs: {},
                parts,
              } as const;
              await award(tx, [taken]);
            });
          else if (each.kind === 'days') {
            nowMs += DAY_MS;
            const end = new Date(nowMs).toISOString();
            await issueUpTo(at.inTenant, end);
            await issueUpTo(at.inTenant, end, { cycle: { kind: 'weekly', days: ['monday', 'thursday'] } });
            await issueUpTo(at.inTenant, end, { cycle: { kind: 'monthly' } });
          } else {
            const cycle =
              each.cycle === 'weekly'
                ? ({ kind: 'weekly', days: ['monday', 'thursday'] } as const)
                : ({ kind: each.cycle } as const);
            const minimums = [{ amount: String(each.minimum), currency: USD }];
            await at.inTenant((tx) =>
              insertSchedule(tx, {
                beneficiary: kim.id,
                terms: termsOf({ cycle, minimums }),
                effectiveAt: new Date(Date.parse(iso) + place + 1),
                reason: 'By chance',
              }),
            );
          }
        }
        expect((await at.inTenant(verifyStatements)).findings).toEqual([]);
      }),
      { numRuns: 4, seed: 20_261_120 },
    );
  });
});

describe('The command line', () => {
  let folder: string;
  let environment: Record<string, string>;
  const run = async (...args: string[]): Promise<unknown> => {
    let out = '';
    let err = '';
    const write = (text: string) => (out += text);
    const code = await runCli([...args, '--tenant', 'orbit', '--json'], {
      environment,
      write,
      writeError: (text) => (err += text),
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return JSON.parse(out);
  };
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'cascade-statements-'));
    environment = {
      DATABASE_URL: inject('adminUrl'),
      CASCADE_DATA: folder,
      CASCADE_INSTALLATION: `t${randomBytes(4).toString('hex')}`,
      CASCADE_SECRET: 'a secret for tests: 0123456789abcdef',
      CASCADE_OPERATOR_TOKEN: 'a token for tests: 0123456789abcdef',
    };
    const nothing = { environment, write: () => undefined, writeError: () => undefined };
    await runCli(['tenants', 'create', 'orbit', '--name', 'Orbit'], nothing);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('sets and lists schedules, makes what is due, lists it and rotates the key', async () => {
    const place = path.join(folder, 'terms.json');
    await writeFile(place, JSON.stringify({ cycle: { kind: 'weekly', days: ['monday', 'thursday'] } }));
    const reason = ['--reason', 'Twice a week'];
    expect(await run('schedules', 'set', '--file', place, ...reason)).toMatchObject({ beneficiary: null });
    expect(await run('schedules', 'list')).toMatchObject([
      { terms: { cycle: { days: ['monday', 'thursday'] }, holdDays: 0 } },
    ]);
    expect(
      [
        { kind: 'weekly' as const, days: ['monday' as const, 'thursday' as const] },
        { kind: 'monthly' as const, afterDays: 5 },
        { kind: 'monthly' as const, afterDays: 0 },
        { kind: 'realtime' as const },
      ].map(cycleInWords),
    ).toEqual(['weekly: monday, thursday', 'monthly, 5 days after its end', 'monthly', 'realtime']);
    expect(await run('statements', 'issue')).toEqual({ statements: 0 });
    expect(await run('statements', 'list')).toEqual([]);
    expect(await run('statements', 'rotate-key')).toEqual({ kid: expect.stringMatching(/^[\w-]{16}$/) as string });
  });
});
