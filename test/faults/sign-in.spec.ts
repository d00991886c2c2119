import { afterAll, beforeAll, describe, expect } from 'vitest';
import { z } from 'zod';
import type { Random } from '../../simulators/mt-server/index.ts';
import { refresh } from '../../src/identity/sessions/refreshing.ts';
import { isProblem } from '../../src/kernel/problem.ts';
import { realmQuery } from '../../src/platform/query.ts';
import { asked, openWorld, type World } from '../identity/world.ts';
import { makePerson, type Person } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { rounds, runsAll } from './support/rounds.ts';

const KEPT_MS = 200;
const TABS_APART_MS = runsAll ? 900 : 20;
const HISTORY_STEPS = 12;
const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=/+ ';

const older = realmQuery(
  'test.older_refresh_tokens',
  z.object({}),
  `update identity.refresh_tokens set used_at = used_at - interval '10 seconds' where session_id = :sessionId`,
);

/** A good token with one thing changed. */
function altered(random: Random, token: string, other: string): string {
  const at = random.whole(0, token.length - 1);
  const character = random.pick([...CHARACTERS]);
  const [mine, theirs] = [token.split('.'), other.split('.')];
  const part = random.whole(0, 2);
  return random.pick([
    () => token.slice(0, at) + character + token.slice(at + 1),
    () => token.slice(0, at) + character + token.slice(at),
    () => token.slice(0, at) + token.slice(at + 1),
    () => token.slice(0, at),
    () => mine.map((text, place) => (place === part ? theirs[place] : text)).join('.'),
    () => mine.map((text, place) => (place === part ? '' : text)).join('.'),
    () => mine.toReversed().join('.'),
    () => `${token}.${token}`,
  ])();
}

describe('Tokens under attack', () => {
  let world: World;
  let elsewhere: ReturnType<World['open']>;
  beforeAll(async () => {
    world = await openWorld({ callersKeptMs: KEPT_MS });
    elsewhere = world.open();
  });
  afterAll(() => world.close());

  const client = (): Promise<Person> => makePerson(world, { roles: ['client'] });
  const use = (token: string, process = world.identity) =>
    refresh(process.signIn, world.realm, { token, surface: undefined }, asked);
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'good',
      (error: unknown) =>
        isProblem(error, 'identity.token_invalid') || isProblem(error, 'identity.refresh_invalid')
          ? error.code
          : String(error),
    );

  rounds(
    'A22',
    'an access token with anything changed is refused like any other, and the unchanged one is good',
    { few: 60, all: 5_000, roundMsMax: 2_000 },
    async ({ random }) => {
      const startedMs = performance.now();
      const [kim, other] = await pair();
      const forged = altered(random, kim.token, other.token);
      const isSame = forged === kim.token || forged === other.token;
      expect([forged, await codeOf(world.authenticate(forged))]).toEqual([
        forged,
        isSame ? 'good' : 'identity.token_invalid',
      ]);
      expect((await world.authenticate(kim.token)).id).toBe(kim.id);
      return { recoveryMs: performance.now() - startedMs };
    },
  );
  let made: Promise<[Person, Person]> | undefined;
  const pair = (): Promise<[Person, Person]> => (made ??= Promise.all([client(), client()]));

  rounds(
    'A23 tabs',
    'two tabs that refresh in the same second at two processes both stay signed in',
    { few: 3, all: 100, roundMsMax: 10_000 },
    async ({ random }) => {
      const startedMs = performance.now();
      const kim = await client();
      const later = async () => {
        await new Promise((resolve) => setTimeout(resolve, random.whole(0, TABS_APART_MS)));
        return use(kim.refreshToken, elsewhere);
      };
      const [first, second] = await Promise.all([use(kim.refreshToken), later()]);
      for (const tab of [first, second]) {
        expect((await world.authenticate(tab.accessToken)).id).toBe(kim.id);
        expect((await use(tab.refreshToken, random.pick([world.identity, elsewhere]))).sessionId).toBe(kim.sessionId);
      }
      return { recoveryMs: performance.now() - startedMs };
    },
  );

  rounds(
    'A23 history',
    'whatever was used, forgiven and aged before, each use of a refresh token ends as a plain model says',
    { few: 6, all: 300, roundMsMax: 10_000 },
    async ({ random }) => {
      const startedMs = performance.now();
      const kim = await client();
      const family = [{ token: kim.refreshToken, isForgivable: false }];
      let isAlive = true;
      world.mails.length = 0;
      for (let step = 0; step < HISTORY_STEPS; step += 1) {
        if (random.whole(0, 5) === 0) {
          await world.realm.run(testOrigin, (tx) => older(tx, { sessionId: kim.sessionId }));
          for (const each of family) each.isForgivable = false;
          continue;
        }
        const newest = family.length - 1;
        const place = Math.max(0, newest - random.pick([0, 0, 0, 0, 1, 1, 2, 3]));
        const used = family[place] ?? { token: '', isForgivable: false };
        const answer = await use(used.token, random.pick([world.identity, elsewhere])).catch(() => undefined);
        if (!isAlive) expect(answer).toBeUndefined();
        else if (place === newest) {
          expect(family.map(({ token }) => token)).not.toContain(answer?.refreshToken);
          used.isForgivable = true;
          family.push({ token: answer?.refreshToken ?? '', isForgivable: false });
        } else if (place === newest - 1 && used.isForgivable) {
          expect(answer?.refreshToken).toBe(family[newest]?.token);
          used.isForgivable = false;
        } else {
          expect(answer).toBeUndefined();
          isAlive = false;
        }
      }
      expect(world.mails.map(({ template }) => template)).toEqual(isAlive ? [] : ['sessions_revoked']);
      await new Promise((resolve) => setTimeout(resolve, isAlive ? 0 : KEPT_MS));
      for (const { guard } of [world.identity, elsewhere])
        expect(await codeOf(guard.authenticate(`Bearer ${kim.token}`, { tenantId: world.acme.id }))).toBe(
          isAlive ? 'good' : 'identity.token_invalid',
        );
      return { recoveryMs: performance.now() - startedMs };
    },
  );
});
