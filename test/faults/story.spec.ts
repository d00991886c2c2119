import { afterAll, beforeAll, describe, expect } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoleProcess } from './support/role.ts';
import { rounds } from './support/rounds.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until } from './support/wait.ts';

const KILLS = 20;
const TRADES = 20_000;
const WIPED_AT = 10;
/** A kill counts as one in the midst of work if trades were waiting then. */
const IN_WORK_MIN = 12;

describe('The main job', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    await Promise.all([stage.start('api'), stage.start('relay')]);
  });
  afterAll(() => stage.close());

  const sentence = `comes to the same end however often its workers die: ${KILLS} kills and one wiped queue in ${TRADES} trades`;
  rounds('Done when', sentence, { few: 1, all: 3, roundMsMax: 240_000 }, async ({ random }) => {
    let inWork = 0;
    const lanes: RoleProcess[] = [stage.launch('worker'), stage.launch('worker')]; // One works while the other starts.
    for (let kill = 0; kill < KILLS; kill += 1) {
      const lane = kill % lanes.length;
      await lanes[lane]?.started; // First: the other lane would else be through with it before this one is there.
      const feeding = stage.trade(TRADES / KILLS, 500);
      await until('there is work', 10_000, async () => (await stage.acme.due()) > 0, 5);
      await sleep(random.whole(0, 120));
      if (kill === WIPED_AT) await stage.queue.wipe();
      if ((await stage.acme.due()) > 0) inWork += 1;
      await lanes[lane]?.kill();
      lanes[lane] = stage.launch('worker');
      await feeding;
    }
    const recoveryMs = await settled(stage);
    await checkRules(stage, { thoroughly: true });
    await Promise.all(lanes.map((lane) => lane.stop()));
    expect(inWork).toBeGreaterThanOrEqual(IN_WORK_MIN);
    return { recoveryMs };
  });
});
