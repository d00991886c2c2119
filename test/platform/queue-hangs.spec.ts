import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dealIdOf, idFromUuid, newUuid, TenantId } from '../../src/kernel/ids.ts';
import { COMMISSION_QUEUE, tradeExecuted } from '../../src/commissions/index.ts';
import { openQueues, type Queues } from '../../src/platform/queue/index.ts';
import { databaseAddress, databaseUrl } from '../../src/platform/database.ts';
import { openTestQueues, type TestQueues } from '../support/queues.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { testLog } from '../support/tenancy.ts';

const tenantId = TenantId.parse(idFromUuid('tnt', newUuid(Date.now())));

describe('A queue that has fallen silent', () => {
  let direct: TestQueues;
  let proxy: TcpProxy;
  let queues: Queues;
  beforeAll(async () => {
    direct = await openTestQueues([COMMISSION_QUEUE]);
    const address = databaseAddress(direct.store.url);
    proxy = await openTcpProxy(address);
    const url = databaseUrl({ ...address, host: '127.0.0.1', port: proxy.port });
    queues = await openQueues({ kind: 'postgres', url }, [COMMISSION_QUEUE], testLog);
  });
  afterAll(async () => {
    proxy.refuse();
    await queues.close();
    await proxy.close();
    await direct.close();
  });

  it('is given up on after a while, when a job is added and when one is looked for, and used again afterwards', async () => {
    const add = (batchId: string) => queues.add(tradeExecuted, { tenantId, batchId, dealIds: [dealIdOf(1n)] });
    await add('1');
    proxy.hang();
    const startedMs = performance.now();
    await Promise.all([
      expect(add('2')).rejects.toMatchObject({ code: 'queue.unavailable', status: 503 }),
      expect(queues.holds(COMMISSION_QUEUE, 'any')).rejects.toThrow(/timeout/i),
    ]);
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    proxy.flow();
    await add('3');
  }, 60_000);
});
