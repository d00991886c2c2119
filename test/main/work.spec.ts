import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openWork, queueStore } from '../../src/main/work.ts';
import { readConfig } from '../../src/platform/config.ts';
import { databaseAddress } from '../../src/platform/database.ts';
import { completeConfig } from '../../src/platform/secrets.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openTestTenancy, testLog } from '../support/tenancy.ts';

describe("The queues' own database", () => {
  const installation = `w${Date.now().toString(36).slice(-7)}`;
  const config = completeConfig(
    readConfig({
      CASCADE_INSTALLATION: installation,
      CASCADE_SECRET: 'a secret of at least thirty-two characters',
      CASCADE_OPERATOR_TOKEN: 'a token of at least thirty-two characters',
    }),
    'required',
  );
  let tenancy: Tenancy;
  const platformWith = (access: 'application' | 'administrator') => ({
    admin: databaseAddress(inject('adminUrl')),
    access,
    tenancy,
    close: () => Promise.resolve(),
  });
  beforeAll(async () => void (tenancy = await openTestTenancy({ installation })));
  afterAll(() => tenancy.close());

  it('is asked for by a process that cannot make it: run npm run migrate first', async () => {
    await expect(openWork(platformWith('application'), config, testLog)).rejects.toMatchObject({
      code: 'tenancy.not_migrated',
    });
  });

  it('is entered by such a process once an administrator has made it', async () => {
    await queueStore(platformWith('administrator'), config, testLog);
    const work = await openWork(platformWith('application'), config, testLog);
    await work.queues.ping();
    await work.close();
  });
});
