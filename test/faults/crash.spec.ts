import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { rounds } from './support/rounds.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';
import { within } from './support/wait.ts';

/** Where a worker may die, besides anywhere: each of these instants must be as good as any other. */
const POINTS = ['booking.before_transaction', 'booking.before_commit', 'booking.after_commit', 'dispatch.before_add'];
const DEATH_MS_MAX = 30_000;

describe.each(['postgres', 'redis'] as const)('A worker on the %s queue that is killed', (queue) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ queue });
    await Promise.all([stage.start('api'), stage.start('relay')]);
  });
  afterEach(() => stage.endAll('worker'));
  afterAll(() => stage.close());

  const counts = { few: 4, all: 50, roundMsMax: 90_000 };
  rounds('A01', `books each trade once after it is started again (${queue})`, counts, async ({ number, isLast, random }) => {
    await stage.trade(500, 250);
    const atPoint = number % 2 === 0;
    const worker = stage.launch('worker', atPoint ? { plan: [`${random.pick(POINTS)} kill`] } : {});
    if (!atPoint) {
      await worker.started;
      await sleep(random.whole(0, 150));
      await worker.kill();
    }
    await within(DEATH_MS_MAX, worker.ended);
    const next = stage.launch('worker');
    const recoveryMs = await settled(stage);
    await checkRules(stage, { searchRows: isLast });
    await next.kill();
    return { recoveryMs };
  });
});
