import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { rounds, runsAll } from './support/rounds.ts';
import { redisIsHere } from './support/queue-server.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until, within } from './support/wait.ts';

const DRAINED_MS_MAX = 120_000;
/** How long a worker stands still, and how soon its job counts as lost: as they are in production, or all shortened. */
const BLOCK = runsAll
  ? { blockedMs: 45_000, periods: { CASCADE_JOB_LOCK_MS: '30000', CASCADE_STALLED_PERIOD_MS: '15000' } }
  : { blockedMs: 4_000, periods: {} };

describe.each(['postgres', 'redis'] as const)('The queue on %s', (kind) => {
  describe.skipIf(kind === 'redis' && !redisIsHere)('when it fails', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage({ queue: kind });
      await Promise.all([stage.start('api'), stage.start('relay')]);
    });
    afterEach(() => stage.endAll('worker'));
    afterAll(() => stage.close());

    const wiped = { few: 1, all: 5, roundMsMax: 200_000 };
    rounds('A04', `is wiped while 10000 trades wait, and all of them are booked once (${kind})`, wiped, async ({ isLast, random }) => {
      await stage.trade(10_000);
      const worker = await stage.start('worker');
      await until('some are booked', 30_000, async () => (await stage.acme.due()) < random.whole(6_000, 10_000), 5);
      await stage.queue.wipe();
      const recoveryMs = await settled(stage, DRAINED_MS_MAX);
      await checkRules(stage, { searchRows: isLast });
      expect(worker.hasEnded()).toBe(false);
      return { recoveryMs };
    });

    const blocked = { few: 2, all: 10, roundMsMax: 200_000 };
    rounds('A05', `gives a job to another worker when the first one stands still, and it is done once (${kind})`, blocked, async ({ number, isLast }) => {
      const point = number % 2 === 0 ? 'booking.before_transaction' : 'booking.before_commit';
      const environment = { ...BLOCK.periods, CASCADE_COMMISSIONS_CONCURRENCY: '1' };
      const late = await stage.start('worker', { plan: [`${point} block ${BLOCK.blockedMs}`], environment });
      await stage.trade(500);
      const taken = await stage.start('worker', { environment });
      if (number % 2 === 0) {
        await until('the other worker has booked all', BLOCK.blockedMs, async () => (await stage.acme.due()) === 0);
        expect(late.lines.some(saysThatTheJobWasLost)).toBe(false); // The late one stands still yet.
      }
      await until('the late worker has noticed', BLOCK.blockedMs + 60_000, () => late.lines.some(saysThatTheJobWasLost));
      const recoveryMs = await settled(stage);
      await checkRules(stage, { searchRows: isLast });
      expect(taken.hasEnded()).toBe(false);
      await within(20_000, late.stop());
      return { recoveryMs };
    });
  });
});

/** What a worker says when it comes back and its job belongs to somebody else. */
const saysThatTheJobWasLost = (line: string): boolean => /lock/i.test(line) && /"level":[45]0/.test(line);
