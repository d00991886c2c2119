import { hash as argon2, parseOptions } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { beginTotp, finishTotp, replaceRecoveryCodes } from '../../src/identity/factors/store.ts';
import { createUser } from '../../src/identity/index.ts';
import { Hasher } from '../../src/identity/passwords/hashing.ts';
import { passwordHashOf, putPassword } from '../../src/identity/users/queries.ts';
import { setUserStatus } from '../../src/identity/users/service.ts';
import { endSessionsOf, listSessions } from '../../src/identity/sessions/service.ts';
import { noteDevice } from '../../src/identity/sign-in/attempts.ts';
import { devicesOfUser } from '../../src/identity/sign-in/queries.ts';
import { type Credentials, signIn } from '../../src/identity/sign-in/service.ts';
import type { UserId } from '../../src/kernel/ids.ts';
import { Problem } from '../../src/kernel/problem.ts';
import { realmQuery } from '../../src/platform/query.ts';
import { cheapSignIn } from '../support/sign-in.ts';
import { testOrigin } from '../support/tenancy.ts';
import { asked, openWorld, type World } from './world.ts';
import { generateSync } from 'otplib';

const PASSWORD = 'orange bicycle under the bridge';
const WRONG = 'orange bicycle over the bridge';

const unblock = realmQuery(
  'test.unblock',
  z.object({}),
  `update identity.sign_in_failures set blocked_until = clock_timestamp() where blocked_until is not null`,
);
const signInsOf = realmQuery(
  'test.sign_ins_of',
  z.object({ outcome: z.string() }),
  `select outcome from identity.sign_ins where user_id = :userId order by key`,
);
const waitingForLocks = realmQuery(
  'test.waiting_for_locks',
  z.object({ pid: z.int() }),
  `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
);
const failedEvents = realmQuery(
  'test.failed_sign_ins',
  z.object({ stream: z.string(), payload: z.record(z.string(), z.unknown()) }),
  `select stream, payload from platform.events where type = 'identity.sign_in_failed' order by seq desc limit 1`,
);

describe('Signing in', () => {
  let world: World;
  let count = 0;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const attempt = (given: Partial<Credentials> & { readonly email: string }, device = asked.device) =>
    signIn(world.signIn, world.realm, { password: PASSWORD, ...given }, { ...asked, device });
  /** How an attempt ended, as the outside can see it. */
  const seen = (given: Partial<Credentials> & { readonly email: string }) =>
    attempt(given).then(
      () => 'signed in',
      (error: unknown) =>
        error instanceof Problem ? { code: error.code, message: error.message, members: error.members } : error,
    );
  const wrong = {
    code: 'identity.credentials_wrong',
    message: 'identity.credentials_wrong: The address, the password or the code is wrong',
    members: {},
  };
  const codeOf = async (given: Partial<Credentials> & { readonly email: string }): Promise<unknown> => {
    const outcome = await seen(given);
    return typeof outcome === 'object' && outcome !== null && 'code' in outcome ? outcome.code : outcome;
  };
  /** Somebody with a password, who can sign in. */
  const person = async (roles = ['client'], more: { isVerified?: boolean; hash?: string } = {}) => {
    count += 1;
    const email = `Kim.${count}@Example.com`;
    const hash = more.hash ?? (await world.signIn.hasher.hash(PASSWORD));
    const id = await world.realm.run(testOrigin, async (tx) => {
      const made = await createUser(tx, { email, name: 'Kim', roles, isVerified: more.isVerified ?? true });
      await putPassword(tx, { userId: made, hash });
      return made;
    });
    return { id, email };
  };
  /** Gives somebody an authenticator app; tells its code of the next step not used yet. */
  const withTotp = async (id: UserId) => {
    let step = 0;
    const { secret } = await world.realm.run(testOrigin, (tx) =>
      beginTotp(tx, world.signIn.factors, id, { issuer: 'Acme', label: 'kim' }),
    );
    const code = (): string => {
      step += 1;
      return generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + (step - 2) * 30 });
    };
    const confirmed = await world.realm.run(testOrigin, (tx) => finishTotp(tx, world.signIn.factors, id, code()));
    expect(confirmed).toBe('confirmed');
    return code;
  };

  it('takes the password, in whatever spelling the address comes', async () => {
    const kim = await person();
    const signedIn = await attempt({ email: kim.email.toUpperCase() });
    expect(signedIn).toMatchObject({ expiresIn: 600, surface: 'portal', secondFactor: 'none' });
    expect(await world.authenticate(signedIn.accessToken)).toMatchObject({
      id: kim.id,
      roles: ['client'],
      provenAt: null,
    });
    expect(await world.realm.run(testOrigin, (tx) => signInsOf(tx, { userId: kim.id }))).toEqual([
      { outcome: 'signed_in' },
    ]);
  });

  it('answers a wrong password and an unknown address alike, and both cost a hash', async () => {
    const kim = await person();
    const before = world.signIn.hasher.verified;
    expect(await seen({ email: kim.email, password: WRONG })).toEqual(wrong);
    expect(world.signIn.hasher.verified).toBe(before + 1);
    const [known] = await world.realm.run(testOrigin, (tx) => failedEvents(tx, {}));
    expect(await seen({ email: 'nobody@example.com', password: WRONG })).toEqual(wrong);
    expect(world.signIn.hasher.verified).toBe(before + 2);
    const [unknown] = await world.realm.run(testOrigin, (tx) => failedEvents(tx, {}));
    expect([known?.stream, unknown?.stream]).toEqual([`user/${kim.id}`, 'sign-ins']);
    expect(unknown?.payload).toEqual({ outcome: 'password_wrong', failures: 1, isDelayed: false });
    expect(await seen({ email: 'nobody@example.com', password: 'nobody has this password' })).toEqual(wrong);
  });

  it('slows down after five failures, more and more, whether the address is known or not, and lets go with a right one', async () => {
    const kim = await person();
    for (const email of [kim.email, 'stranger@example.com']) {
      for (let failure = 0; failure < 5; failure += 1)
        expect(await codeOf({ email, password: WRONG })).toBe(wrong.code);
      const waits: number[] = [];
      for (let round = 0; round < 7; round += 1) {
        const hashes = world.signIn.hasher.verified;
        const refusal: unknown = await attempt({ email }).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code: 'identity.sign_in_delayed', status: 429 });
        expect(world.signIn.hasher.verified).toBe(hashes); // Nothing is compared meanwhile, not even the right password.
        waits.push(refusal instanceof Problem ? (refusal.retryAfterSeconds ?? 0) : 0);
        await world.realm.run(testOrigin, (tx) => unblock(tx, {}));
        expect(await codeOf({ email, password: WRONG })).toBe(wrong.code);
      }
      expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900]);
      await world.realm.run(testOrigin, (tx) => unblock(tx, {}));
    }
    expect(await codeOf({ email: kim.email })).toBe('signed in');
    for (let failure = 0; failure < 4; failure += 1)
      expect(await codeOf({ email: kim.email, password: WRONG })).toBe(wrong.code);
    expect(await codeOf({ email: kim.email })).toBe('signed in');
  });

  it('lets no more guesses through when they come all at once', async () => {
    const kim = await person();
    const before = world.signIn.hasher.verified;
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => codeOf({ email: kim.email, password: WRONG })));
    expect(world.signIn.hasher.verified - before).toBe(5);
    expect(outcomes.filter((code) => code === 'identity.sign_in_delayed')).toHaveLength(25);
  });

  it('asks for the second factor only when the password is right, and never forgets wrong codes for it', async () => {
    const kim = await person();
    const code = await withTotp(kim.id);
    expect(await seen({ email: kim.email, password: WRONG })).toEqual(wrong);
    expect(await seen({ email: kim.email })).toMatchObject({
      code: 'identity.second_factor_needed',
      members: { factors: ['totp'] },
    });
    expect(await seen({ email: kim.email, otp: '000000' })).toEqual(wrong);
    expect(await codeOf({ email: kim.email })).toBe('identity.second_factor_needed');
    for (let failure = 0; failure < 2; failure += 1) {
      expect(await codeOf({ email: kim.email, otp: '000000' })).toBe(wrong.code);
      expect(await codeOf({ email: kim.email })).toBe('identity.second_factor_needed');
    }
    expect(await codeOf({ email: kim.email, otp: '000000' })).toBe(wrong.code);
    expect(await codeOf({ email: kim.email, otp: '000000' })).toBe('identity.sign_in_delayed');
    await world.realm.run(testOrigin, (tx) => unblock(tx, {}));
    const signedIn = await attempt({ email: kim.email, otp: code() });
    expect(signedIn.secondFactor).toBe('proven');
    expect((await world.authenticate(signedIn.accessToken)).provenAt).toBeInstanceOf(Date);
    expect(await codeOf({ email: kim.email })).toBe('identity.second_factor_needed');
  });

  it('takes a recovery code once, and tells its owner', async () => {
    const kim = await person();
    await withTotp(kim.id);
    const [otp = ''] = await world.realm.run(testOrigin, (tx) => replaceRecoveryCodes(tx, kim.id));
    world.mails.length = 0;
    expect((await attempt({ email: kim.email, otp })).secondFactor).toBe('proven');
    expect(world.mails).toMatchObject([{ template: 'factor_changed', data: { change: 'recovery_code_used' } }]);
    expect(await codeOf({ email: kim.email, otp })).toBe(wrong.code);
  });

  it('gives staff without a second factor a session that is good for setting one up', async () => {
    const lena = await person(['finance']);
    const signedIn = await attempt({ email: lena.email });
    expect(signedIn).toMatchObject({ surface: 'admin', secondFactor: 'to_set_up' });
    expect((await world.authenticate(signedIn.accessToken)).provenAt).toBeNull();
  });

  it('tells somebody with the right password why he is not let in, and nobody else', async () => {
    const unverified = await person(['client'], { isVerified: false });
    expect(await codeOf({ email: unverified.email })).toBe('identity.email_unverified');
    expect(await seen({ email: unverified.email, password: WRONG })).toEqual(wrong);
    const suspended = await person();
    await world.realm.run(testOrigin, (tx) => setUserStatus(tx, suspended.id, 'suspended', 'test'));
    expect(await codeOf({ email: suspended.email })).toBe('identity.not_active');
    expect(await seen({ email: suspended.email, password: WRONG })).toEqual(wrong);
    const client = await person();
    expect(await codeOf({ email: client.email, surface: 'admin' })).toBe('identity.surface_refused');
  });

  it('tells of a device that is new beside another', async () => {
    const kim = await person();
    world.mails.length = 0;
    const device = { address: '198.51.100.9', userAgent: 'Safari on iPhone' };
    await attempt({ email: kim.email });
    await attempt({ email: kim.email });
    expect(world.mails).toEqual([]);
    await attempt({ email: kim.email }, device);
    await attempt({ email: kim.email }, device);
    expect(world.mails).toMatchObject([
      { template: 'new_device', data: { address: '198.51.100.9', device: 'Safari on iPhone' } },
    ]);
  });

  it('remembers a bounded number of devices of one person, whatever they call themselves', async () => {
    const kim = await person();
    const known = await world.realm.run(testOrigin, async (tx) => {
      for (let place = 0; place < 110; place += 1) {
        const letters = String.fromCodePoint(97 + Math.floor(place / 26), 97 + (place % 26));
        await noteDevice(tx, kim.id, { address: '192.0.2.7', userAgent: `Robot ${letters}` });
      }
      return devicesOfUser(tx, { userId: kim.id, max: 1_000 });
    });
    expect(known.length).toBeLessThanOrEqual(102);
    const agents = known.map(({ userAgent }) => userAgent); // Two within a millisecond come in any order.
    expect(agents).toContain('Robot ef');
    expect(agents).not.toContain('Robot aa');
  });

  it('opens no session by a password that somebody replaces at the same moment', async () => {
    const kim = await person();
    await attempt({ email: kim.email });
    const newHash = await world.signIn.hasher.hash(WRONG);
    let replacing: Promise<unknown> | undefined;
    let isReplaced = false;
    const slow: typeof world.signIn = {
      ...world.signIn,
      sendMail: async () => {
        replacing = world.realm.run(testOrigin, async (tx) => {
          await putPassword(tx, { userId: kim.id, hash: newHash });
          await endSessionsOf(tx, kim.id, 'password');
        });
        void replacing.then(() => (isReplaced = true));
        const isWaiting = async () => (await world.realm.run(testOrigin, (tx) => waitingForLocks(tx, {}))).length > 0;
        await expect.poll(async () => isReplaced || (await isWaiting()), { timeout: 5_000 }).toBe(true);
      },
    };
    const device = { address: '198.51.100.9', userAgent: 'Safari on iPhone' }; // A new one is told of, within the transaction.
    await signIn(slow, world.realm, { email: kim.email, password: PASSWORD }, { ...asked, device });
    await replacing;
    expect(await world.realm.run(testOrigin, (tx) => listSessions(tx, kim.id))).toEqual([]);
  });

  it('hashes a password anew when the cost of hashing has changed', async () => {
    const old = await argon2(PASSWORD, { memoryCost: 16, timeCost: 2, parallelism: 1 });
    const kim = await person(['client'], { hash: old });
    expect(await codeOf({ email: kim.email })).toBe('signed in');
    const [kept] = await world.realm.run(testOrigin, (tx) => passwordHashOf(tx, { userId: kim.id }));
    expect(parseOptions(kept?.hash ?? '')).toMatchObject({ memoryCost: 8, timeCost: 1 });
    expect(kept?.hash.startsWith('$argon2id$v=19$m=8,t=1,p=1$')).toBe(true);
    expect(await codeOf({ email: kim.email })).toBe('signed in');
  });

  it('works a few hashes at a time and refuses beyond a bounded queue', async () => {
    const hasher = new Hasher({ ...cheapSignIn.hashing, concurrencyMax: 1, waitingMax: 3 });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => hasher.hash(PASSWORD)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(outcomes.at(-1)).toMatchObject({
      reason: { code: 'identity.hashing_busy', status: 503, retryAfterSeconds: 1 },
    });
    expect(await hasher.verify(await hasher.hash(PASSWORD), PASSWORD)).toBe(true);
  });

  it('keeps tenants apart: one address is two people', async () => {
    const kim = await person();
    const elsewhere = world.signIn.realmOf({ tenantId: world.zenith.id });
    await expect(signIn(world.signIn, elsewhere, { email: kim.email, password: PASSWORD }, asked)).rejects.toThrow(
      'credentials_wrong',
    );
  });
});
