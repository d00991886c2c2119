import { DEMO_PASSWORD, DEMO_TOTP_SECRET, demoAddress } from '../../seeds/logins.ts';
import { createTenantClient } from '../platform/tenant-client.ts';
import type { DatabaseAddress } from '../platform/database.ts';
import type { Tenancy } from '../tenancy/index.ts';
import { seedDemoTenants } from './demo-tenants.ts';
import { startLiveDeals } from './live-deals.ts';
import { startCaughtMail } from './caught-mail.ts';
import { mainProblem } from './errors.ts';
import { runProcess } from './process.ts';
import { startApi, startRelay, startWorker } from './roles.ts';
import { takeSnapshot } from './snapshot.ts';

/**
 * `npm start`: the whole product in one process on one machine, with its own database unless DATABASE_URL is set, two demo
 * tenants and a live stream of simulated deals. Ctrl-C stops all in order; a second start finds its data again.
 */
process.stdout.write('Cascade is starting; the first start makes its database and takes a little longer.\n');
await runProcess('dev', { source: 'own', access: 'administrator' }, async (deps, keep) => {
  await migrateTenants(deps.platform.tenancy);
  keep(startRelay(deps));
  const caught = deps.config.smtpUrl === undefined ? keep(await startCaughtMail()) : undefined;
  keep(await startWorker({ ...deps, config: { ...deps.config, smtpUrl: deps.config.smtpUrl ?? caught?.smtpUrl } }));
  const { port } = keep(await startApi(deps, takeSnapshot(deps, ['api', 'worker', 'relay']))).server;
  const brokers = await seedDemoTenants(deps);
  keep(startLiveDeals(brokers, { client: createTenantClient(), port, baseHost: deps.config.baseHost, log: deps.log }));
  printAddresses({
    port,
    config: deps.config,
    slugs: brokers.map(({ slug }) => slug),
    admin: deps.platform.admin,
    queue: deps.work.store.kind,
    mailPage: caught?.pageUrl,
  });
});

/** Brings the tenants of an earlier version up to date before anything works on them. */
async function migrateTenants(tenancy: Tenancy): Promise<void> {
  const { failed } = await tenancy.migrateTenants();
  const [first] = failed;
  if (first !== undefined)
    throw mainProblem('main.tenant_not_migrated', { detail: `${first.slug}: ${first.code}: ${first.reason}` });
}

/** How to sign in to the demo. */
function signInLines(slugs: readonly string[], host: string): string[] {
  if (slugs.length === 0) return [];
  return [
    'Sign in to the demo (POST /api/v1/auth/login, see /docs there):',
    ...slugs.map((slug) => `  ${slug.padEnd(15)} http://${slug}.${host}  as ${demoAddress('<role>', slug)}`),
    `  installation    http://${host}  as operator@cascade.example`,
    '  roles           owner admin compliance finance sales support auditor ib client',
    `  password        ${DEMO_PASSWORD}`,
    `  second factor   staff and operator: an authenticator app with the secret ${DEMO_TOTP_SECRET}`,
    `  a code of it    npm run cascade -- users demo-code`,
  ];
}

type Addresses = {
  readonly port: number;
  readonly config: {
    readonly baseHost: string;
    readonly operatorToken: string;
    readonly databaseUrl?: string | undefined;
  };
  readonly slugs: readonly string[];
  readonly admin: DatabaseAddress;
  readonly queue: 'redis' | 'postgres';
  readonly mailPage: string | undefined;
};

function printAddresses({ port, config, slugs, admin, queue, mailPage }: Addresses): void {
  const bare = `http://${config.baseHost}:${port}`;
  process.stdout.write(
    [
      '',
      `Cascade is running: ${bare}/`,
      `  what is running ${bare}/ops          (a browser asks: any name, and the operator's token as password)`,
      `  queue board     ${bare}/ops/queues`,
      `  health          ${bare}/healthz  ${bare}/readyz  ${bare}/metrics`,
      `  trade feeds     ${slugs.map((slug) => `http://${slug}.${config.baseHost}:${port}/feeds/…`).join('  ')}`,
      `  operator token  ${config.operatorToken}`,
      `  database        PostgreSQL ${config.databaseUrl === undefined ? 'embedded' : 'given'} at ${admin.host}:${admin.port}`,
      `  queue           ${queue === 'redis' ? 'Redis' : 'PostgreSQL'}`,
      ...(mailPage === undefined
        ? []
        : [`  mails           ${mailPage}/         (caught here; none leaves this machine)`]),
      `  command line    npm run cascade -- --help`,
      ...signInLines(slugs, `${config.baseHost}:${port}`),
      `Simulated deals come in now; Ctrl-C stops everything, and the next start finds its data again.`,
      '',
    ].join('\n'),
  );
}
