import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SettlingDeps, type SettlingStep, startSettling } from '../../src/main/settling.ts';
import type { TenantId } from '../../src/kernel/ids.ts';
import type { Tenancy } from '../../src/tenancy/index.ts';
import { openTestTenancy, testLog } from '../support/tenancy.ts';

describe('Settling', () => {
  let tenancy: Tenancy;
  const ids: TenantId[] = [];
  beforeAll(async () => {
    tenancy = await openTestTenancy();
    for (const slug of ['acme', 'beta']) ids.push((await tenancy.createTenant({ slug, name: slug })).id);
  });
  afterAll(() => tenancy.close());

  const start = (steps: Readonly<Record<string, SettlingStep>>) => {
    const deps = { platform: { tenancy }, log: testLog } as Partial<SettlingDeps> as SettlingDeps;
    return startSettling(deps, 5, steps);
  };

  it('does every step at every active tenant, again and again, whatever fails at one of them', async () => {
    const done: string[] = [];
    const settling = start({
      first: async (tenantId) => void done.push(`first ${tenantId}`),
      failing: async (tenantId) => {
        done.push(`failing ${tenantId}`);
        throw new Error('this step fails');
      },
      last: async (tenantId) => void done.push(`last ${tenantId}`),
    });
    await expect.poll(() => done.length).toBeGreaterThan(12);
    await settling.stop();
    for (const tenantId of ids) {
      const own = done.filter((line) => line.endsWith(tenantId)).map((line) => line.split(' ')[0]);
      expect(own.slice(0, 6)).toEqual(['first', 'failing', 'last', 'first', 'failing', 'last']);
    }
  });

  it('ends with the step that is under way', async () => {
    const begun = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    const done: string[] = [];
    const settling = start({
      slow: async () => {
        begun.resolve();
        await open.promise;
        done.push('slow');
      },
      next: async () => void done.push('next'),
    });
    await begun.promise;
    const stopping = settling.stop();
    open.resolve();
    await stopping;
    expect(new Set(done)).toEqual(new Set(['slow']));
  });
});
