import { Problem } from '../kernel/problem.ts';
import { readConfig } from '../platform/config.ts';
import { createLogger } from '../platform/logger.ts';
import { migrateAll, migrationText } from './cli/tenants.ts';
import { makeOut } from './cli/out.ts';
import { openPlatform, settleConfig } from './compose.ts';
import { queueStore } from './work.ts';

/** `npm run migrate`: brings the registry, the queues' database and all tenants up to date before the other roles are started anew. */
async function main(): Promise<void> {
  const config = settleConfig(readConfig(process.env), 'given');
  const log = createLogger({ level: config.logLevel, role: 'migrate' });
  const platform = await openPlatform(config, log, { source: 'given' });
  try {
    await queueStore(platform, config, log);
    const out = makeOut({ json: () => process.argv.includes('--json'), failed: () => (process.exitCode = 1) });
    const report = await migrateAll(platform.tenancy, out, 4);
    out.result(report, migrationText, { ok: report.failed.length === 0 });
  } finally {
    await platform.close();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(
    `${error instanceof Problem ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
}
