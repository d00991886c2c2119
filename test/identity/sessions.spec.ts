import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isProblem } from '../../src/kernel/problem.ts';
import { realmQuery } from '../../src/platform/query.ts';
import { Callers } from '../../src/identity/sessions/callers.ts';
import { noRefreshCookie, refreshCookie, refreshTokenIn } from '../../src/identity/sessions/cookie.ts';
import { refresh } from '../../src/identity/sessions/refreshing.ts';
import {
  endSession,
  endSessionsOf,
  listSessions,
  markProven,
  openSession,
} from '../../src/identity/sessions/service.ts';
import { sweepSignIns } from '../../src/identity/index.ts';
import { setUserRoles, setUserStatus } from '../../src/identity/users/service.ts';
import { makePerson, type PersonWords } from '../support/people.ts';
import { testOrigin } from '../support/tenancy.ts';
import { asked, openWorld, type World } from './world.ts';

const KEPT_MS = 400;
const olderTokens = realmQuery(
  'test.older_tokens',
  z.object({}),
  `update identity.refresh_tokens set used_at = used_at - make_interval(secs => :seconds) where session_id = :sessionId`,
);
const olderSession = realmQuery(
  'test.older_session',
  z.object({}),
  `update identity.sessions set last_used_at = last_used_at - make_interval(hours => :hours) where id = :sessionId`,
);
const kim26 = '0'.repeat(26);
const insertOldSession = realmQuery(
  'test.insert_old_session',
  z.object({}),
  `
  with old as (
    insert into identity.sessions (id, user_id, surface, expires_at, idle_ms, address, user_agent)
    values (:id, :userId, 'portal', now() - interval '31 days', 1000, '', '') returning id
  )
  insert into identity.refresh_tokens (hash, session_id) select '\\x00'::bytea, id from old`,
);
const insertOldRest = realmQuery(
  'test.insert_old_rest',
  z.object({}),
  `
  with token as (
    insert into identity.one_time_tokens (hash, purpose, user_id, expires_at) values ('\\x00', 'test', :userId, now() - interval '2 days')
  ), failure as (
    insert into identity.sign_in_failures (account_hash, failures, last_failed_at) values ('\\x00', 3, now() - interval '2 days')
  )
  insert into identity.sign_ins (user_id, at, outcome, address, user_agent)
  values (:userId, now() - interval '181 days', 'signed_in', '', '')`,
);
const eventsOf = realmQuery(
  'test.events_of_person',
  z.object({ type: z.string(), payload: z.unknown() }),
  `select type, payload from platform.events where stream = 'user/' || :person::text order by seq`,
);

describe('Sessions', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({ callersKeptMs: KEPT_MS });
  });
  afterAll(() => world.close());

  const client = (words: PersonWords = {}) => makePerson(world, { roles: ['client'], ...words });
  const again = (token: string, surface?: 'admin' | 'portal' | 'partner') =>
    refresh(world.signIn, world.realm, { token, surface }, asked);
  const refusedWith = async (code: string, work: Promise<unknown>): Promise<void> => {
    const error: unknown = await work.then(
      () => 'it went through',
      (problem: unknown) => problem,
    );
    expect(isProblem(error, code) ? code : error).toBe(code);
  };
  const inAcme: World['realm']['run'] = (origin, work) => world.realm.run(origin, work);
  /** Within how many milliseconds a token is refused. */
  const refusedAfterMs = async (token: string): Promise<number> => {
    const startedMs = performance.now();
    for (;;) {
      const isGood = await world.authenticate(token).then(
        () => true,
        () => false,
      );
      if (!isGood || performance.now() - startedMs > 5_000) return performance.now() - startedMs;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('go on by a refresh token that is good once', async () => {
    const kim = await client();
    const next = await again(kim.refreshToken);
    expect(next).toMatchObject({ expiresIn: 600, surface: 'portal', sessionId: kim.sessionId });
    expect(next.refreshToken).not.toBe(kim.refreshToken);
    expect((await world.authenticate(next.accessToken)).id).toBe(kim.id);
    const third = await again(next.refreshToken);
    expect((await again(third.refreshToken)).sessionId).toBe(kim.sessionId);
    await refusedWith('identity.refresh_invalid', again('x'.repeat(43)));
  });

  it('keep both of two tabs that refresh in the same second signed in (A23)', async () => {
    const kim = await client();
    let token = kim.refreshToken;
    for (let round = 0; round < 3; round += 1) {
      const [first, second] = await Promise.all([again(token), again(token)]);
      expect(second.refreshToken).toBe(first.refreshToken); // Whichever answer the browser keeps last is good.
      for (const tab of [first, second]) expect((await world.authenticate(tab.accessToken)).id).toBe(kim.id);
      token = first.refreshToken;
    }
    expect((await again(token)).sessionId).toBe(kim.sessionId);
  });

  it('forgive a predecessor once only, within ten seconds, and while its successor was not used', async () => {
    const thrice = await client();
    await again(thrice.refreshToken);
    await again(thrice.refreshToken);
    await refusedWith('identity.refresh_invalid', again(thrice.refreshToken));

    const late = await client();
    await again(late.refreshToken);
    await inAcme(testOrigin, (tx) => olderTokens(tx, { sessionId: late.sessionId, seconds: 10 }));
    await refusedWith('identity.refresh_invalid', again(late.refreshToken));

    const passed = await client();
    const next = await again(passed.refreshToken);
    await again(next.refreshToken);
    await refusedWith('identity.refresh_invalid', again(passed.refreshToken));
  });

  it('end as a whole where an old token comes again, and the owner is told (A23)', async () => {
    const kim = await client();
    const next = await again(kim.refreshToken);
    const last = await again(next.refreshToken);
    expect((await world.authenticate(last.accessToken)).id).toBe(kim.id);
    world.mails.length = 0;
    await refusedWith('identity.refresh_invalid', again(kim.refreshToken));
    await refusedWith('identity.refresh_invalid', again(last.refreshToken));
    await refusedWith('identity.token_invalid', world.authenticate(last.accessToken));
    expect(world.mails).toMatchObject([
      { template: 'sessions_revoked', to: { address: kim.email }, data: { reason: 'reuse' } },
    ]);
    const events = await inAcme(testOrigin, (tx) => eventsOf(tx, { person: kim.id }));
    expect(events.at(-1)).toEqual({
      type: 'identity.sessions_ended',
      payload: { sessionIds: [kim.sessionId], because: 'reuse' },
    });
  });

  it('of two dozen uses of one token at the same moment give two the same successor, and end', async () => {
    const kim = await client();
    const answers = await Promise.allSettled(Array.from({ length: 24 }, () => again(kim.refreshToken)));
    const good = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.refreshToken] : []));
    expect(good).toHaveLength(2);
    expect(new Set(good).size).toBe(1);
    await refusedWith('identity.refresh_invalid', again(good[0] ?? ''));
  });

  it('have ended for good after their time, or when they were not used for long, by the database’s clock', async () => {
    const idle = await client();
    await inAcme(testOrigin, (tx) => olderSession(tx, { sessionId: idle.sessionId, hours: 14 * 24 }));
    await refusedWith('identity.refresh_invalid', again(idle.refreshToken));
    await refusedWith('identity.token_invalid', world.authenticate(idle.token));
    const admin = await makePerson(world, { roles: ['admin'] });
    await inAcme(testOrigin, (tx) => olderSession(tx, { sessionId: admin.sessionId, hours: 2 }));
    await refusedWith('identity.refresh_invalid', again(admin.refreshToken));
  });

  it('die with their owner’s suspension, within the time for which callers are kept', async () => {
    const kim = await client();
    await world.authenticate(kim.token);
    await inAcme(testOrigin, (tx) => setUserStatus(tx, kim.id, 'suspended', 'test'));
    expect(await refusedAfterMs(kim.token)).toBeLessThan(KEPT_MS + 1_000);
    await refusedWith('identity.refresh_invalid', again(kim.refreshToken));
  });

  it('lose and gain rights within the time for which callers are kept', async () => {
    const lena = await makePerson(world, { roles: ['finance', 'client'] });
    expect((await world.authenticate(lena.token)).roles).toEqual(['finance']); // Only those of the surface count.
    await inAcme(testOrigin, (tx) => setUserRoles(tx, lena.id, ['support', 'client']));
    const startedMs = performance.now();
    let roles: readonly string[] = [];
    while (!roles.includes('support') && performance.now() - startedMs < 5_000)
      ({ roles } = await world.authenticate(lena.token));
    expect(roles).toEqual(['support']);
    expect(performance.now() - startedMs).toBeLessThan(KEPT_MS + 1_000);
  });

  it('end at once in this process when their owner ends them, and in another when what it knows is too old', async () => {
    const kim = await client();
    const elsewhere = world.open();
    const there = () => elsewhere.guard.authenticate(`Bearer ${kim.token}`, { tenantId: world.acme.id });
    await Promise.all([world.authenticate(kim.token), there()]);
    await inAcme(testOrigin, (tx) => endSession(tx, { userId: kim.id, sessionId: kim.sessionId, because: 'asked' }));
    world.signIn.callers.forget(world.acme.id, [kim.sessionId]);
    await refusedWith('identity.token_invalid', world.authenticate(kim.token));
    await new Promise((resolve) => setTimeout(resolve, KEPT_MS));
    await refusedWith('identity.token_invalid', there());
  });

  it('are at most 50 of one person: the oldest end, and it is noted why', async () => {
    const kim = await client();
    const device = { address: '192.0.2.7', userAgent: 'Firefox' };
    const left = await inAcme(testOrigin, async (tx) => {
      for (let times = 0; times < 50; times += 1)
        await openSession(tx, world.signIn.sessions, { userId: kim.id, surface: 'portal', isProven: false, device });
      return listSessions(tx, kim.id);
    });
    expect([left.length, left.some(({ id }) => id === kim.sessionId)]).toEqual([50, false]);
    const [ended] = (await inAcme(testOrigin, (tx) => eventsOf(tx, { person: kim.id }))).filter(
      ({ type }) => type === 'identity.sessions_ended',
    );
    expect(ended?.payload).toEqual({ sessionIds: [kim.sessionId], because: 'too_many' });
  });

  it('ask the database once for many calls at the same time', async () => {
    const kim = await client();
    let transactions = 0;
    const { realmOf } = world.signIn;
    const callers = new Callers({
      realmOf: (host) => ({
        ...realmOf(host),
        run: (origin, work) => {
          transactions += 1;
          return realmOf(host).run(origin, work);
        },
      }),
      desksOf: async () => [],
      kycStateOf: async () => null,
      callerByGrant: async () => undefined,
      keptMs: 2_000,
    });
    const claims = await world.signIn.tokens.verify(kim.token);
    const found = await Promise.all(Array.from({ length: 100 }, () => callers.of(claims)));
    expect(found.every((caller) => caller?.id === kim.id)).toBe(true);
    expect(transactions).toBe(1);
  });

  it('are listed and ended by their owner alone', async () => {
    const kim = await client();
    const other = await client();
    await inAcme(testOrigin, async (tx) => {
      expect(await listSessions(tx, kim.id)).toMatchObject([
        { id: kim.sessionId, surface: 'portal', userAgent: 'test' },
      ]);
    });
    await refusedWith(
      'identity.session_unknown',
      inAcme(testOrigin, (tx) => endSession(tx, { userId: kim.id, sessionId: other.sessionId, because: 'asked' })),
    );
    expect(await inAcme(testOrigin, (tx) => endSessionsOf(tx, kim.id, 'asked', kim.sessionId))).toEqual([]);
    expect(await inAcme(testOrigin, (tx) => endSessionsOf(tx, kim.id, 'asked'))).toEqual([kim.sessionId]);
    expect(await inAcme(testOrigin, (tx) => markProven(tx, kim.sessionId))).toBeUndefined();
  });

  it('reach another surface on which their owner has a role, but never the back office from outside', async () => {
    const both = await makePerson(world, { roles: ['client', 'ib', 'admin'], surface: 'portal' });
    const partner = await again(both.refreshToken, 'partner');
    expect(await world.authenticate(partner.accessToken)).toMatchObject({ surface: 'partner', roles: ['ib'] });
    await refusedWith('identity.surface_refused', again(partner.refreshToken, 'admin'));
    expect((await again(partner.refreshToken)).surface).toBe('portal'); // The refusal used nothing up.
    const plain = await client();
    await refusedWith('identity.surface_refused', again(plain.refreshToken, 'partner'));
  });

  it('are swept away a month after their end, with their tokens, and what was sent or tried long ago', async () => {
    const [gone, kept] = [await client(), await client()];
    await inAcme(testOrigin, async (tx) => {
      await insertOldSession(tx, { id: `ses_${kim26}`, userId: gone.id });
      await insertOldRest(tx, { userId: gone.id });
    });
    expect(await inAcme(testOrigin, (tx) => sweepSignIns(tx))).toEqual({ removed: 4, again: false });
    expect(await inAcme(testOrigin, (tx) => sweepSignIns(tx))).toEqual({ removed: 0, again: false });
    expect((await again(kept.refreshToken)).sessionId).toBe(kept.sessionId);
  });
});

describe('The cookie of a session', () => {
  const token = 'r'.repeat(43);

  it('is over TLS for the very host, so that the host of another tenant can plant none', () => {
    const over = '__Host-cascade_refresh';
    expect(refreshCookie(token, 60, true)).toBe(
      `${over}=${token}; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure`,
    );
    expect(noRefreshCookie(true)).toBe(`${over}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure`);
    const planted = `cascade_refresh=${'x'.repeat(43)}; __Secure-cascade_refresh=${'y'.repeat(43)}`;
    expect(refreshTokenIn(`${planted}; ${over}=${token}`, true)).toBe(token);
    expect(refreshTokenIn(planted, true)).toBeUndefined();
  });
});
