import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { type MailCatcher, startMailCatcher } from '../../../simulators/mail/index.ts';
import { openPlatform, type Platform } from '../../../src/main/compose.ts';
import { openIdentity } from '../../../src/main/identity.ts';
import { processMetrics, type RoleDeps, startApi, startRelay, startWorker } from '../../../src/main/roles.ts';
import { takeSnapshot } from '../../../src/main/snapshot.ts';
import { openWork } from '../../../src/main/work.ts';
import { readConfig } from '../../../src/platform/config.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { completeConfig } from '../../../src/platform/secrets.ts';
import { cheapSignIn } from '../../support/sign-in.ts';
import { testLog } from '../../support/tenancy.ts';
import { SECRET } from './stage.ts';

export const OPERATOR_TOKEN = 'token-of-the-fault-tests-0123456789';
const MAILS_KEPT_MAX = 20_000;
/** What would only make a test wait, or refuse it. */
const SETTINGS = {
  CASCADE_TENANT_REQUESTS_PER_MINUTE: '1000000',
  CASCADE_CALLER_REQUESTS_PER_MINUTE: '1000000',
  CASCADE_ADDRESS_REQUESTS_PER_MINUTE: '1000000',
  CASCADE_ADDRESS_REFUSALS_PER_MINUTE: '1000000',
  CASCADE_SIGN_INS_PER_MINUTE: '1000000',
  CASCADE_RELAY_PERIOD_MS: '200',
  CASCADE_SWEEPER_PERIOD_MS: '200',
};

/** API, worker and relay as they are in production, in this process, so that what they log can be read. */
export type Installation = {
  readonly port: number;
  readonly tenancy: Platform['tenancy'];
  readonly identity: ReturnType<typeof openIdentity>;
  readonly catcher: MailCatcher;
  /** Each line of the log of all three, from `debug` up. */
  readonly lines: readonly string[];
  /** Every row of the database of the queues, as text. */
  readonly queued: () => Promise<string[]>;
  readonly close: () => Promise<void>;
};

/** Starts an installation without tenants on the run's database server. */
export async function openInstallation(): Promise<Installation> {
  const catcher = await startMailCatcher({ keptMax: MAILS_KEPT_MAX });
  const folder = await mkdtemp(join(tmpdir(), 'cascade-installation-'));
  const config = completeConfig(
    readConfig({
      DATABASE_URL: inject('adminUrl'),
      CASCADE_DATA: folder,
      CASCADE_INSTALLATION: `f${randomBytes(4).toString('hex')}`,
      CASCADE_SECRET: SECRET,
      CASCADE_OPERATOR_TOKEN: OPERATOR_TOKEN,
      CASCADE_SMTP_URL: catcher.smtpUrl,
      PORT: '0',
      ...SETTINGS,
    }),
    'required',
  );
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', role: 'all' }, { write: (line) => void lines.push(line) });
  const platform = await openPlatform(config, log, { source: 'given' });
  const work = await openWork(platform, config, log);
  const relayStats = () => undefined;
  const metrics = processMetrics(platform, work, relayStats);
  const deps: RoleDeps = { config, platform, work, log, relayStats, metrics };
  const relay = startRelay(deps);
  const worker = await startWorker(deps);
  const api = await startApi(deps, takeSnapshot(deps, ['api', 'worker', 'relay']), '127.0.0.1');
  const queues = new pg.Pool({ connectionString: work.store.url, max: 1 });
  const identity = openIdentity({
    tenancy: platform.tenancy,
    config,
    sendMail: async () => undefined,
    limit: async () => undefined,
    quotas: work.quotas,
    settings: cheapSignIn,
    log: testLog,
  });
  return {
    port: api.server.port,
    tenancy: platform.tenancy,
    identity,
    catcher,
    lines,
    queued: () => allRows(queues),
    close: async () => {
      await api.stop();
      await worker.stop();
      await relay.stop();
      await queues.end();
      await work.close();
      await platform.close();
      await catcher.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function allRows(pool: pg.Pool): Promise<string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t`);
    found.push(...rows.map(({ row }) => row));
  }
  return found;
}
