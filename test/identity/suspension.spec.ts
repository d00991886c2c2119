import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { refresh } from '../../src/identity/sessions/refreshing.ts';
import { endSessionsOf, openSession } from '../../src/identity/sessions/service.ts';
import { setUserStatus } from '../../src/identity/users/service.ts';
import { realmQuery } from '../../src/platform/query.ts';
import type { RealmTx } from '../../src/platform/tenant-tx.ts';
import { makePerson } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { asked, openWorld, type World } from './world.ts';

const LOOKS_MAX = 2_000;
const waitingStatements = realmQuery(
  'test.waiting_statements',
  z.object({}),
  `select from pg_locks where not granted and pid <> pg_backend_pid() and pg_backend_pid() = any (pg_blocking_pids(pid))`,
);

/** Looks until somebody waits for what this transaction holds. */
async function untilSomebodyWaits(tx: RealmTx): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) if ((await waitingStatements(tx, {})).length > 0) return;
  throw new Error('nobody waits');
}

describe('Suspending somebody who signs in at that moment', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const inAcme: World['realm']['run'] = (origin, work) => world.realm.run(origin, work);

  it('opens him no session, and ends for good one that is being opened', async () => {
    const kim = await makePerson(world, { roles: ['client'] });
    const opening = { userId: kim.id, surface: 'portal', isProven: false, device: asked.device } as const;
    const suspend = () =>
      inAcme(testOrigin, async (tx) => {
        await setUserStatus(tx, kim.id, 'suspended', 'test');
        await endSessionsOf(tx, kim.id, 'suspended');
      });
    const { session, suspended } = await inAcme(testOrigin, async (tx) => {
      const opened = await openSession(tx, world.signIn.sessions, opening);
      const underWay = { session: opened, suspended: suspend() };
      await untilSomebodyWaits(tx);
      return underWay;
    });
    await suspended;
    await expect(inAcme(testOrigin, (tx) => openSession(tx, world.signIn.sessions, opening))).rejects.toMatchObject({
      code: 'identity.credentials_wrong',
    });
    await inAcme(testOrigin, (tx) => setUserStatus(tx, kim.id, 'active', 'test'));
    const token = session.refreshToken;
    await expect(refresh(world.signIn, world.realm, { token, surface: undefined }, asked)).rejects.toMatchObject({
      code: 'identity.refresh_invalid',
    });
  });
});
