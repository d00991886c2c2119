import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { type CommitProxy, openCommitProxy } from './support/commit-proxy.ts';
import { onEachQueue } from './support/queue-server.ts';
import { rounds } from './support/rounds.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';

onEachQueue('A network that falls silent before the queue', (kind) => {
  let stage: Stage;
  let proxy: CommitProxy;
  beforeAll(async () => {
    stage = await openStage({ queue: kind });
    await stage.start('relay'); // Makes the queue's database, which then has an address of its own.
    const url = new URL(stage.queue.url);
    proxy = await openCommitProxy({ host: url.hostname, port: Number(url.port) });
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    const environment = { [kind === 'redis' ? 'REDIS_URL' : 'QUEUE_DATABASE_URL']: url.href };
    await Promise.all([stage.start('api', { environment }), stage.start('worker', { environment })]);
  });
  afterAll(async () => {
    await stage.close();
    await proxy.close();
  });

  const counts = { few: 1, all: 10, roundMsMax: 120_000 };
  rounds('A07', `delays no sender, and is not waited for (${kind})`, counts, async ({ isLast }) => {
    await stage.trade(200); // So that connections are in use.
    proxy.silence();
    const startedMs = performance.now();
    const taken = await stage.acme.sendOnce(stage.port, stage.acme.market.trades(50), randomUUID());
    expect(taken.status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    const recoveryMs = await settled(stage, 60_000);
    await checkRules(stage, { thoroughly: isLast });
    return { recoveryMs };
  });
});
