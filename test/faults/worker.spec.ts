import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { onEachQueue } from './support/queue-server.ts';
import { rounds, runsAll } from './support/rounds.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until, within } from './support/wait.ts';

/** Where a worker may die, besides anywhere: each of these instants must be as good as any other. */
const POINTS = ['booking.before_transaction', 'booking.after_commit', 'booking.before_commit', 'dispatch.before_add'];
const DEATH_MS_MAX = 30_000;
const DRAINED_MS_MAX = 120_000;
/**
 * How long a worker stands still, and how soon its job counts as lost: a job is taken over at the second look for lost ones
 * after its lock ran out, which must come while the worker still stands.
 */
const BLOCK = runsAll
  ? { blockedMs: 45_000, periods: { CASCADE_JOB_LOCK_MS: '15000', CASCADE_STALLED_PERIOD_MS: '5000' } }
  : { blockedMs: 4_000, periods: {} };

onEachQueue('A worker', (kind) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ queue: kind });
    await Promise.all([stage.start('api'), stage.start('relay')]);
  });
  afterEach(() => stage.endAll('worker'));
  afterAll(() => stage.close());

  const killed = { few: 2, all: 50, roundMsMax: 90_000 };
  rounds(
    'A01',
    `that is killed at any instant and started again books each trade once (${kind})`,
    killed,
    async ({ number, isLast, random }) => {
      await stage.trade(500, 250);
      const turn = number / 2 + (kind === 'redis' ? 2 : 0);
      const point = number % 2 === 0 ? POINTS[turn % POINTS.length] : undefined; // Every other time at any instant.
      if (point === 'dispatch.before_add') await stage.queue.wipe(); // So that the sweeper has something to add.
      const worker = stage.launch('worker', point === undefined ? {} : { plan: [`${point} kill`] });
      if (point === undefined) {
        await worker.started;
        await sleep(random.whole(0, 150));
        await worker.kill();
      }
      await within(DEATH_MS_MAX, worker.ended);
      const next = stage.launch('worker');
      const recoveryMs = await settled(stage);
      await checkRules(stage, { thoroughly: isLast });
      await next.kill();
      return { recoveryMs };
    },
  );

  const wiped = { few: 1, all: 5, roundMsMax: 200_000 };
  rounds(
    'A04',
    `whose queue is wiped while 10000 trades wait books all of them once (${kind})`,
    wiped,
    async ({ isLast, random }) => {
      await stage.trade(10_000);
      const worker = await stage.start('worker');
      const left = random.whole(6_000, 10_000);
      await until('some are booked', 30_000, async () => (await stage.acme.due()) < left, 5);
      await stage.queue.wipe();
      const recoveryMs = await settled(stage, DRAINED_MS_MAX);
      await checkRules(stage, { thoroughly: isLast });
      expect(worker.hasEnded()).toBe(false);
      return { recoveryMs };
    },
  );

  const blocked = { few: 2, all: 10, roundMsMax: 200_000 };
  rounds(
    'A05',
    `that stands still loses its job to another one, and the job is done once (${kind})`,
    blocked,
    async ({ number, isLast }) => {
      const isBeforeWork = number % 2 === 0;
      const point = isBeforeWork ? 'booking.before_transaction' : 'booking.before_commit';
      const environment = { ...BLOCK.periods, CASCADE_COMMISSIONS_CONCURRENCY: '1' };
      const late = await stage.start('worker', { plan: [`${point} block ${BLOCK.blockedMs}`], environment });
      await stage.trade(500);
      const other = await stage.start('worker', { environment });
      // What has not begun its transaction is booked by the other one; what has is passed over by it, and committed late.
      if (isBeforeWork) {
        const patienceMs = BLOCK.blockedMs + 60_000;
        await until('the other worker has booked all', patienceMs, async () => (await stage.acme.due()) === 0);
        await until('the late worker says so', patienceMs, () => late.lines.some(saysThatTheJobWasLost));
      }
      const recoveryMs = await settled(stage);
      await checkRules(stage, { thoroughly: isLast });
      expect(other.hasEnded()).toBe(false);
      await within(DEATH_MS_MAX, Promise.all([late.stop(), other.stop()])); // The next round's late worker must find nobody beside it.
      return { recoveryMs };
    },
  );
});

/** What a worker says when it comes back and its job belongs to somebody else. */
const saysThatTheJobWasLost = (line: string): boolean =>
  /lock|active state|missing/i.test(line) && /"level":[45]0/.test(line);
