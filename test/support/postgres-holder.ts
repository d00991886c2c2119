// Starts PostgreSQL on the folder given, says so in one line of JSON, and holds it until it is told to stop or is killed.
import { startPostgres } from '../../src/platform/postgres/index.ts';

const server = await startPostgres({ dataDir: process.argv[2] ?? '' });
const { stop, ...facts } = server;
process.stdout.write(`${JSON.stringify(facts)}\n`);
process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
setInterval(() => undefined, 60_000);
