import type { TestProject } from 'vitest/node';
import { startScratchPostgres } from '../../src/platform/postgres/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's address of the database server which this test run may use as it likes. */
    adminUrl: string;
  }
}

/**
 * One PostgreSQL for the whole run, handed to the tests as `inject('adminUrl')`: the server of TEST_DATABASE_URL, or an
 * embedded one on scratch data. Its commits are durable if `durable` is asked for, as the fault tests do.
 */
export const postgresForTests =
  ({ durable }: { durable: boolean }) =>
  async (project: TestProject): Promise<() => Promise<void>> => {
    const given = process.env.TEST_DATABASE_URL;
    if (given !== undefined && given !== '') {
      project.provide('adminUrl', given);
      return async () => undefined;
    }
    const quick = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
    const server = await startScratchPostgres(durable ? {} : { settings: quick });
    project.provide('adminUrl', server.url);
    return () => server.stop();
  };

export default postgresForTests({ durable: false });
