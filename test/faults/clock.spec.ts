import { randomUUID } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Broker } from './support/broker.ts';
import { onEachQueue } from './support/queue-server.ts';
import { rounds } from './support/rounds.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until } from './support/wait.ts';

const HOUR_MS = 3_600_000;
const preload = join(import.meta.dirname, '../support/moved-clock.ts');

onEachQueue("An application's clock that is wrong", (queue) => {
  const folder = mkdtempSync(join(tmpdir(), 'cascade-fault-clock-'));
  const file = join(folder, 'offset');
  /** Put in place as a whole, so that nobody reads half a number. */
  const move = (offsetMs: number): void => {
    writeFileSync(`${file}.new`, String(offsetMs));
    renameSync(`${file}.new`, file);
  };
  let stage: Stage;
  beforeAll(async () => {
    move(0);
    stage = await openStage({ queue });
    const environment = { FAULT_CLOCK_FILE: file };
    await Promise.all((['api', 'worker', 'relay'] as const).map((role) => stage.start(role, { environment, preload })));
  });
  afterAll(async () => {
    await stage.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const counts = { few: 1, all: 5, roundMsMax: 180_000 };
  rounds(
    'A08',
    `changes nothing that is booked, and no time that is kept (${queue})`,
    counts,
    async ({ isLast, random }) => {
      const { acme, port } = stage;
      const fromMs = Date.now();
      for (const offsetMs of [HOUR_MS, -HOUR_MS]) {
        await stage.trade(500);
        move(offsetMs); // While these are booked.
        await sleep(MOVED_AFTER_MS);
        const deals = acme.market.trades(500);
        const refused = await acme.sendOnce(port, deals.slice(0, 10), randomUUID());
        expect(refused.status).toBe(401); // The window of the timestamp is measured by the application's clock (contract, The feed).
        const bridge = acme.bridge(port, { nowMs: () => Date.now() + offsetMs });
        await bridge.run(deals, { batchLinesMax: random.whole(50, 200) });
        if (random.chance(0.5)) await settled(stage);
        move(0);
        await sleep(MOVED_AFTER_MS);
      }
      const recoveryMs = await settled(stage);
      for (const broker of stage.brokers) expect(await timesOutside(broker, fromMs)).toEqual([]);
      expect(await negativeMetrics(stage)).toEqual([]);
      await checkRules(stage, { thoroughly: isLast });
      return { recoveryMs };
    },
  );

  rounds('A08', `does not put off for an hour what failed while it was wrong (${queue})`, counts, async () => {
    await stage.endAll('worker');
    move(HOUR_MS);
    const environment = { FAULT_CLOCK_FILE: file };
    const worker = await stage.start('worker', { environment, preload, plan: ['booking.before_commit fail 0 4'] });
    const bridge = stage.acme.bridge(stage.port, { nowMs: () => Date.now() + HOUR_MS });
    await bridge.run(stage.acme.market.trades(300));
    await until('a booking has failed', 20_000, () =>
      worker.lines.some((line) => line.includes('fault at booking.before_commit')),
    );
    move(0);
    const recoveryMs = await settled(stage, 60_000);
    await checkRules(stage);
    return { recoveryMs };
  });
});

const MOVED_AFTER_MS = 200;

/** The times that rows keep are the database's: which of them lie outside the round? */
async function timesOutside({ rows }: Broker, fromMs: number): Promise<unknown[]> {
  const from = new Date(fromMs - 1_000).toISOString();
  const outside = (column: string, table: string, key: string): string =>
    `(select '${table}.${column}' as place, ${column}::text as time from ${table} where ${column} > clock_timestamp() or (${column} < '${from}' and ${key}) limit 3)`;
  const newest = (table: string, key: string): string => `${key} = (select max(${key}) from ${table})`;
  return rows(
    [
      outside('recorded_at', 'platform.events', newest('platform.events', 'seq')),
      outside('posted_at', 'ledger.transfers', newest('ledger.transfers', 'key')),
      outside('booked_at', 'commissions.batches', newest('commissions.batches', 'key')),
      outside('received_at', 'trading.feed_batches', newest('trading.feed_batches', 'key')),
      outside('processed_at', 'platform.processed', newest('platform.processed', 'seq')),
    ].join(' union all '),
  );
}

/** No age and no duration is negative. */
async function negativeMetrics(stage: Stage): Promise<string[]> {
  const text = await stage.metrics();
  return text.split('\n').filter((line) => /^[a-z].* -\d/.test(line));
}
