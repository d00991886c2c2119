import { z } from 'zod';
import {
  type ConfigVariable,
  hostName,
  pathOrUrl,
  periodMs,
  postgresUrl,
  proxies,
  secret,
  url,
  variable,
  whole,
} from './config-readers.ts';
import { platformProblem } from './errors.ts';

/** Every variable that Cascade reads. docs/configuration.md holds the same table; a test compares them. */
export const configVariables = {
  port: variable('PORT', '3000', 'Port of the HTTP server; 0 takes a free one.', whole(0, 65_535)),
  dataFolder: variable(
    'CASCADE_DATA',
    '.cascade',
    'Data folder: the embedded database, generated secrets. Relative to the working folder.',
    z.string(),
  ),
  databaseUrl: variable(
    'DATABASE_URL',
    null,
    'PostgreSQL 15 or newer, as a role that may create databases and roles: `postgres://user:password@host:port/postgres`. Without it an embedded server is started.',
    postgresUrl,
  ),
  redisUrl: variable(
    'REDIS_URL',
    null,
    'Redis for the queues: `redis://` or `rediss://`. Without it the queues live in PostgreSQL.',
    url('redis:', 'rediss:').optional(),
  ),
  queueDatabaseUrl: variable(
    'QUEUE_DATABASE_URL',
    null,
    'Database of the queues where there is no Redis, reached directly and not through a pooler. Without it a database of its own beside the registry.',
    postgresUrl,
  ),
  secret: variable(
    'CASCADE_SECRET',
    null,
    "The installation's secret, from which keys and database passwords derive; at least 32 characters, the same for every process. `npm start` generates one into the data folder; the production roles refuse to start without it.",
    secret,
  ),
  operatorToken: variable(
    'CASCADE_OPERATOR_TOKEN',
    null,
    'Bearer token of `/ops` and `/metrics`; at least 32 characters. `npm start` generates one into the data folder and prints it; the production roles refuse to start without it.',
    secret,
  ),
  baseHost: variable(
    'CASCADE_BASE_HOST',
    'localhost',
    "Host of the installation: a tenant answers under `<slug>.<this>`, the operator's pages under this alone.",
    hostName,
  ),
  publicPort: variable(
    'CASCADE_PUBLIC_PORT',
    null,
    'Port of links in mails and of the pages where passkeys are used, whatever port a request names. Without it: the port that the server listens on where a request names it, or on `localhost`; else that of the scheme, as behind a proxy.',
    whole(1, 65_535).optional(),
  ),
  trustedProxies: variable(
    'CASCADE_TRUSTED_PROXIES',
    '',
    "Addresses or ranges, separated by commas, whose X-Forwarded headers count. Empty: nobody's.",
    proxies,
  ),
  problemsUrl: variable(
    'CASCADE_PROBLEMS_URL',
    '/docs/errors',
    "Where the `type` of a problem leads, the code behind `#`: a path on the host that was asked, or an address of your own. The default is the installation's own page of errors.",
    pathOrUrl,
  ),
  logLevel: variable(
    'CASCADE_LOG_LEVEL',
    'info',
    'Least level that is logged: trace, debug, info, warn, error, fatal or silent.',
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'is no log level'),
  ),
  installation: variable(
    'CASCADE_INSTALLATION',
    'cascade',
    'First word of the names of databases and roles, so that several installations can share a PostgreSQL server; at most 12 small letters and digits, first a letter.',
    z.string().regex(/^[a-z][a-z0-9]{0,11}$/, 'is not 1 to 12 small letters and digits, first a letter'),
  ),
  connectionsMax: variable(
    'CASCADE_CONNECTIONS',
    '60',
    "Connections that all tenants' pools of one process may hold together.",
    whole(1, 10_000),
  ),
  connectionsPerTenantMax: variable(
    'CASCADE_TENANT_CONNECTIONS',
    '4',
    "Connections that one tenant's pool may hold in one process.",
    whole(1, 40),
  ),
  poolIdleCloseMs: variable(
    'CASCADE_POOL_IDLE_MS',
    '30000',
    "A tenant's pool unused for this long is closed.",
    periodMs,
  ),
  poolWaitMsMax: variable(
    'CASCADE_POOL_WAIT_MS',
    '5000',
    'How long a request waits for a free place among the pools before it gets 503.',
    periodMs,
  ),
  registryPeriodMs: variable(
    'CASCADE_REGISTRY_PERIOD_MS',
    '3000',
    "How long an answer of the tenants' registry is kept: a suspension bites after this time.",
    periodMs,
  ),
  smtpUrl: variable(
    'CASCADE_SMTP_URL',
    null,
    'Mail server: `smtp://user:password@host:587` (with STARTTLS, which is demanded unless it is this machine) or `smtps://…:465`. Without it mails wait; `npm start` catches them on a page of its own.',
    url('smtp:', 'smtps:').optional(),
  ),
  mailFrom: variable(
    'CASCADE_MAIL_FROM',
    null,
    'Address that mails come from, in the name of the tenant. Without it `no-reply@` and the base host.',
    z.email('is no address of mail').max(254).optional(),
  ),
  tenantRequestsMax: variable(
    'CASCADE_TENANT_REQUESTS_PER_MINUTE',
    '6000',
    'Requests per minute that all people and programs of one tenant may send together, unless its quota says otherwise, and as many again by all who need not sign in. The feed is not counted.',
    whole(1, 100_000_000),
  ),
  callerRequestsMax: variable(
    'CASCADE_CALLER_REQUESTS_PER_MINUTE',
    '1200',
    'Requests per minute that one user or API key may send.',
    whole(1, 100_000_000),
  ),
  addressRequestsMax: variable(
    'CASCADE_ADDRESS_REQUESTS_PER_MINUTE',
    '600',
    'Requests per minute that one address (IPv6: one /64) may send without a sign-in.',
    whole(1, 100_000_000),
  ),
  addressRefusalsMax: variable(
    'CASCADE_ADDRESS_REFUSALS_PER_MINUTE',
    '300',
    'Bad signatures and bad tokens per minute after which an address gets 429 until the minute is over.',
    whole(1, 100_000_000),
  ),
  signInsMax: variable(
    'CASCADE_SIGN_INS_PER_MINUTE',
    '30',
    'Attempts per minute and address to sign in, to register, or to ask for a reset, at all tenants together; each is counted for itself.',
    whole(1, 100_000_000),
  ),
  commissionsConcurrency: variable(
    'CASCADE_COMMISSIONS_CONCURRENCY',
    '4',
    'Batches of trades that one worker process books at the same time.',
    whole(1, 64),
  ),
  relayPeriodMs: variable(
    'CASCADE_RELAY_PERIOD_MS',
    '500',
    'How often the relay looks for tenants with new events.',
    periodMs,
  ),
  sweeperPeriodMs: variable(
    'CASCADE_SWEEPER_PERIOD_MS',
    '5000',
    'How often the sweeper looks for hints at tenants whose due work is in no queue.',
    periodMs,
  ),
  slotLeaseMs: variable(
    'CASCADE_SLOT_LEASE_MS',
    '15000',
    "How long a tenant's place in a queue is taken for granted before the sweeper asks the queue whether the job still is there.",
    periodMs,
  ),
  jobLockMs: variable(
    'CASCADE_JOB_LOCK_MS',
    '30000',
    'A worker that does not renew its lock on a job for this long has lost the job to another one.',
    periodMs,
  ),
  stalledPeriodMs: variable(
    'CASCADE_STALLED_PERIOD_MS',
    '15000',
    'How often workers look for jobs that were lost that way.',
    periodMs,
  ),
  visitPeriodMs: variable(
    'CASCADE_VISIT_PERIOD_MS',
    '60000',
    'Relay and sweeper visit every tenant at least this often, hinted at or not.',
    periodMs,
  ),
} as const satisfies Record<string, ConfigVariable>;

/** The configuration of a process. What has no default and was not given is undefined. */
export type Config = {
  readonly [Key in keyof typeof configVariables]: z.infer<(typeof configVariables)[Key]['schema']>;
};

/**
 * Reads the configuration from an environment; an empty variable counts as not given. Anything wrong stops with
 * `platform.config_invalid`, whose detail names every fault, never a value. An unknown `CASCADE_…` is refused: it is
 * most often a misspelt one.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const faults = unknownVariables(environment);
  const read: Record<string, unknown> = {};
  for (const [key, { name, byDefault, schema }] of Object.entries<ConfigVariable>(configVariables)) {
    const given = environment[name]?.trim();
    const result = schema.safeParse(given === undefined || given === '' ? (byDefault ?? undefined) : given);
    if (result.success) read[key] = result.data;
    else faults.push(`${name} ${result.error.issues[0]?.message ?? 'is not usable'}`);
  }
  const config = read as Config;
  if (faults.length === 0 && config.connectionsPerTenantMax > config.connectionsMax)
    faults.push('CASCADE_TENANT_CONNECTIONS is larger than CASCADE_CONNECTIONS');
  if (faults.length > 0)
    throw platformProblem('platform.config_invalid', {
      detail: `${faults.join('; ')} (docs/configuration.md lists all)`,
    });
  return config;
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.values<ConfigVariable>(configVariables).map((each) => each.name);
  return Object.keys(environment)
    .filter((name) => name.startsWith('CASCADE_') && !known.includes(name))
    .sort()
    .map((name) => `${name} is unknown${nearest(name, known)}`);
}

function nearest(name: string, known: readonly string[]): string {
  const [best] = known
    .filter((each) => each.startsWith('CASCADE_'))
    .map((each) => ({ each, steps: editDistance(name, each) }))
    .sort((left, right) => left.steps - right.steps);
  return best === undefined ? '' : `, did you mean ${best.each}?`;
}

/** Levenshtein's distance: how many letters must be put in, left out or replaced. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...left].entries()) {
    const next = [index + 1];
    for (const [place, other] of [...right].entries()) {
      const replaced = (row[place] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[place + 1] ?? 0) + 1, (next[place] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
