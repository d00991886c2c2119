import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject } from 'vitest';
import { FeedAnswer } from '../../src/trading/index.ts';
import { type CommitProxy, openCommitProxy } from './support/commit-proxy.ts';
import { rounds } from './support/rounds.ts';
import { checkRules, settled } from './support/rules.ts';
import { openStage, type Stage } from './support/stage.ts';
import { until } from './support/wait.ts';

describe('An answer that is lost on its way', () => {
  let stage: Stage;
  let proxy: CommitProxy;
  beforeAll(async () => {
    const direct = new URL(inject('adminUrl'));
    proxy = await openCommitProxy({ host: direct.hostname, port: Number(direct.port) });
    const throughProxy = new URL(direct);
    throughProxy.port = String(proxy.port);
    throughProxy.hostname = '127.0.0.1';
    stage = await openStage();
    const environment = { DATABASE_URL: throughProxy.href };
    await Promise.all([
      stage.start('api', { environment }),
      stage.start('worker', { environment }),
      stage.start('relay'),
    ]);
  });
  afterAll(async () => {
    await stage.close();
    await proxy.close();
  });

  const counts = { few: 3, all: 50, roundMsMax: 60_000 };
  rounds('A07', 'to the commit of a booking leaves it done, and nobody does it again', counts, async ({ isLast }) => {
    const before = proxy.dropped();
    proxy.dropNextAfter('commissions.insert_bookings');
    await stage.trade(200);
    await until('an answer is lost', 20_000, () => proxy.dropped() > before);
    const recoveryMs = await settled(stage);
    await checkRules(stage, { thoroughly: isLast });
    return { recoveryMs };
  });

  rounds(
    'A07',
    'to the commit of a batch leaves it taken: the sender is told to come again, and gets the stored answer',
    counts,
    async ({ isLast }) => {
      const before = proxy.dropped();
      const deals = stage.acme.market.trades(50);
      const batch = randomUUID();
      proxy.dropNextAfter('trading.insert_feed_batch');
      const lost = await stage.acme.sendOnce(stage.port, deals, batch);
      expect(proxy.dropped()).toBe(before + 1);
      expect(lost.status).toBe(503);
      expect(lost.headers['retry-after']).toMatch(/^\d+$/);
      const again = await stage.acme.sendOnce(stage.port, deals, batch);
      expect(again.status).toBe(200);
      expect(FeedAnswer.parse(again.json())).toMatchObject({
        accepted: deals.length,
        duplicates: 0,
        parked: 0,
        rejected: 0,
      });
      const recoveryMs = await settled(stage);
      await checkRules(stage, { thoroughly: isLast });
      return { recoveryMs };
    },
  );
});
