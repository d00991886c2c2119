// Makes a tenant and is killed after a step of it: `tenant-maker.ts <admin url> <installation> <slug> <step>`.
import { systemClock } from '../../src/kernel/clock.ts';
import { databaseAddress } from '../../src/platform/database.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { openTenancy } from '../../src/tenancy/index.ts';

const [adminUrl = '', installation = '', slug = '', fatal = ''] = process.argv.slice(2);
const tenancy = await openTenancy({
  admin: databaseAddress(adminUrl),
  installation,
  secret: 'a secret of at least thirty-two characters',
  baseHost: 'localhost',
  budget: { connectionsMax: 4, connectionsPerTenantMax: 2, idleCloseMs: 1_000, waitMsMax: 1_000 },
  registryTtlMs: 1_000,
  clock: systemClock,
  log: createLogger({ level: 'silent', role: 'test' }),
  afterStep: (step) => {
    if (step === fatal) process.kill(process.pid, 'SIGKILL');
    return Promise.resolve();
  },
});
const tenant = await tenancy.createTenant({ slug, name: 'Made by a process' });
process.stdout.write(`${tenant.id}\n`);
await tenancy.close();
