import { createTenantClient } from '../platform/tenant-client.ts';
import type { DatabaseAddress } from '../platform/database.ts';
import { seedDemoTenants } from './demo-tenants.ts';
import { startLiveDeals } from './live-deals.ts';
import { runProcess } from './process.ts';
import { startApi, startRelay, startWorker } from './roles.ts';
import { takeSnapshot } from './snapshot.ts';

/**
 * `npm start`: the whole product in one process on one machine, with its own database unless DATABASE_URL is set, two demo
 * tenants and a live stream of simulated deals. Ctrl-C stops all in order; a second start finds its data again.
 */
await runProcess('dev', 'own', async (deps, keep) => {
  keep(startRelay(deps));
  keep(await startWorker(deps));
  const { port } = keep(await startApi(deps, takeSnapshot(deps, ['api', 'worker', 'relay']))).server;
  const brokers = await seedDemoTenants(deps);
  keep(startLiveDeals(brokers, { client: createTenantClient(), port, baseHost: deps.config.baseHost, log: deps.log }));
  printAddresses(
    port,
    deps.config,
    brokers.map(({ slug }) => slug),
    deps.platform.admin,
    deps.work.store.kind,
  );
});

function printAddresses(
  port: number,
  config: { readonly baseHost: string; readonly operatorToken: string; readonly databaseUrl?: string | undefined },
  slugs: readonly string[],
  admin: DatabaseAddress,
  queue: 'redis' | 'postgres',
): void {
  const bare = `http://${config.baseHost}:${port}`;
  process.stdout.write(
    [
      '',
      `Cascade is running: ${bare}/`,
      `  tenants         ${slugs.map((slug) => `http://${slug}.${config.baseHost}:${port}`).join('  ')}`,
      `  queue board     ${bare}/ops/queues   (user: any, password: the operator's token)`,
      `  health          ${bare}/healthz  ${bare}/readyz  ${bare}/metrics`,
      `  operator token  ${config.operatorToken}`,
      `  database        PostgreSQL ${config.databaseUrl === undefined ? 'embedded' : 'given'} at ${admin.host}:${admin.port}`,
      `  queue           ${queue === 'redis' ? 'Redis' : 'PostgreSQL'}`,
      `  simulated deals come in now; Ctrl-C stops everything`,
      '',
    ].join('\n'),
  );
}
