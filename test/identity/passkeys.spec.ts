import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { query } from '../../src/platform/query.ts';
import type { FactorDeps } from '../../src/identity/factors/port.ts';
import { factorsOf } from '../../src/identity/factors/store.ts';
import type { Oneself } from '../../src/identity/factors/types.ts';
import { AuthenticationResponse, RegistrationResponse } from '../../src/identity/passkeys/contract.ts';
import { creationOptions, dropPasskey, registerPasskey, requestOptions } from '../../src/identity/passkeys/service.ts';
import { passkeysOfUser, renamePasskey } from '../../src/identity/passkeys/queries.ts';
import { proveByPasskey } from '../../src/identity/passkeys/store.ts';
import { makeRealmOf } from '../../src/identity/realm.ts';
import { openSession, sessionDefaults } from '../../src/identity/sessions/service.ts';
import { createUser } from '../../src/identity/users/service.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { SoftwareAuthenticator, type Tampering } from '../support/authenticator.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const ORIGIN = 'http://acme.localhost:3000';
const site = { host: 'acme.localhost:3000', isSecure: false };
const ageChallenges = query(
  'test.age_challenges',
  z.object({}),
  `update identity.passkey_challenges set expires_at = clock_timestamp()`,
);
const storedChallenges = query(
  'test.challenges',
  z.object({ hash: z.instanceof(Buffer), minutes: z.number() }),
  `select hash, extract(epoch from expires_at - clock_timestamp())::float8 / 60 as minutes from identity.passkey_challenges`,
);

describe('A passkey', () => {
  let acme: TestTenant;
  let deps: FactorDeps;
  let count = 0;

  beforeAll(async () => {
    acme = await openTestTenant();
    const { withTenant, withControl } = acme.tenancy;
    deps = {
      realmOf: makeRealmOf({ withTenant, withControl }),
      sealer: makeSealer('a secret of at least thirty-two characters', 'identity.factors'),
      sendMail: () => Promise.resolve(),
      issuerOf: () => Promise.resolve('Acme Markets'),
      tries: { count: () => Promise.resolve(), right: () => Promise.resolve() },
      forget: () => undefined,
    };
  });
  afterAll(() => acme.close());

  const somebody = (role = 'client'): Promise<Oneself> =>
    acme.inTenant(async (tx) => {
      count += 1;
      const email = `somebody${count}@acme.example`;
      const userId = await createUser(tx, { email, name: 'Somebody', roles: [role], isVerified: true });
      const { sessionId } = await openSession(
        tx,
        { key: Buffer.alloc(32), settings: sessionDefaults },
        { userId, surface: 'portal', isProven: false, device: { address: '127.0.0.1', userAgent: 'test' } },
      );
      return { userId, sessionId, site };
    });
  const register = async (oneself: Oneself, device: SoftwareAuthenticator, tampering: Tampering = {}) => {
    const options = await acme.inTenant((tx) => creationOptions(tx, oneself, 'Acme Markets'));
    const response = RegistrationResponse.parse(device.create(options, tampering));
    return acme.inTenant((tx) => registerPasskey(deps, tx, oneself, { name: 'Laptop', response }));
  };
  const registered = async (role?: string) => {
    const oneself = await somebody(role);
    const device = new SoftwareAuthenticator(ORIGIN);
    const added = await register(oneself, device);
    if (added === 'exists' || 'refused' in added) throw new Error('it was not registered');
    return { oneself, device, ...added };
  };
  const askToSignIn = () => acme.inTenant((tx) => requestOptions(tx, site, null));
  const answer = (response: unknown, userId: Oneself['userId'] | null = null, place = site) =>
    acme.inTenant((tx) => proveByPasskey(tx, place, AuthenticationResponse.parse(response), userId));

  it('is made for the host, discoverable and with a verified user, and brings the first recovery codes', async () => {
    const oneself = await somebody();
    const options = await acme.inTenant((tx) => creationOptions(tx, oneself, 'Acme Markets'));
    expect(options).toMatchObject({
      rp: { id: 'acme.localhost', name: 'Acme Markets' },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
    });
    const { oneself: one, passkey, recoveryCodes } = await registered();
    expect(passkey).toMatchObject({ name: 'Laptop', host: 'acme.localhost', usedAt: null });
    expect(recoveryCodes).toHaveLength(10);
    expect(await acme.inTenant((tx) => factorsOf(tx, one.userId))).toMatchObject({ totp: false, passkeys: 1 });
  });

  it('signs in without a password: it says whose it is', async () => {
    const { oneself, device, passkey } = await registered();
    for (let time = 0; time < 3; time += 1) {
      const proof = await answer(device.get(await askToSignIn()));
      expect(proof).toEqual({ userId: oneself.userId, passkeyId: passkey.id });
    }
    const [shown] = await acme.inTenant((tx) => passkeysOfUser(tx, { userId: oneself.userId }));
    expect(shown?.usedAt).toBeInstanceOf(Date);
  });

  it('proves a session anew, of its owner alone', async () => {
    const [one, other] = [await registered(), await registered()];
    const options = await acme.inTenant((tx) => requestOptions(tx, site, one.oneself));
    expect(options.allowCredentials).toHaveLength(1);
    expect(await answer(one.device.get(options), one.oneself.userId)).toMatchObject({ userId: one.oneself.userId });
    const again = await acme.inTenant((tx) => requestOptions(tx, site, one.oneself));
    expect(await answer(other.device.get(again), one.oneself.userId)).toMatchObject({ refused: 'credential' });
    const forOther = await acme.inTenant((tx) => requestOptions(tx, site, one.oneself));
    expect(await answer(one.device.get(forOther), other.oneself.userId)).toEqual({ refused: 'challenge' });
  });

  it.each<[string, Tampering]>([
    [
      'a signature that was changed',
      { signature: (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.of((1 + (bytes.at(-1) ?? 0)) & 255)]) },
    ],
    ['another origin', { origin: 'http://evil.localhost:3000' }],
    ['the origin without TLS of a page with it', { origin: 'https://acme.localhost:3000' }],
    ['another host', { rpId: 'zenith.localhost' }],
    ['a challenge that was never given out', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['a user who was not verified', { isUserVerified: false }],
    ['the type of a registration', { type: 'webauthn.create' }],
    ['the handle of somebody else', { userHandle: Buffer.alloc(16, 3).toString('base64url') }],
    ['no handle at all', { userHandle: null }],
  ])('is refused with %s', async (_what, tampering) => {
    const { device } = await registered();
    expect(await answer(device.get(await askToSignIn(), tampering))).toHaveProperty('refused');
    expect(await answer(device.get(await askToSignIn()))).not.toHaveProperty('refused'); // It is as good as before.
  });

  it.each<[string, Tampering]>([
    ['another origin', { origin: 'http://evil.localhost:3000' }],
    ['another host', { rpId: 'evil.localhost' }],
    ['a challenge that was never given out', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['a user who was not verified', { isUserVerified: false }],
    ['the type of a sign-in', { type: 'webauthn.get' }],
  ])('is not registered with %s', async (_what, tampering) => {
    const oneself = await somebody();
    expect(await register(oneself, new SoftwareAuthenticator(ORIGIN), tampering)).toHaveProperty('refused');
    expect((await acme.inTenant((tx) => factorsOf(tx, oneself.userId))).passkeys).toBe(0);
  });

  it('answers a challenge once, right or wrong, also when 20 answer at the same time', async () => {
    const { device } = await registered();
    const options = await askToSignIn();
    const right = device.get(options);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => answer(right)));
    expect(outcomes.filter((outcome) => !('refused' in outcome))).toHaveLength(1);
    const spoilt = await askToSignIn();
    expect(await answer(device.get(spoilt, { origin: 'http://evil.localhost' }))).toHaveProperty('refused');
    expect(await answer(device.get(spoilt))).toEqual({ refused: 'challenge' });
  });

  it('answers within 5 minutes; of the challenge only a hash is kept', async () => {
    const { device } = await registered();
    const options = await askToSignIn();
    const kept = await acme.inTenant((tx) => storedChallenges(tx, {}));
    expect(kept.every(({ minutes }) => minutes > 4.9 && minutes <= 5)).toBe(true);
    expect(JSON.stringify(kept.map(({ hash }) => hash.toString('base64url')))).not.toContain(options.challenge);
    await acme.inTenant((tx) => ageChallenges(tx, {}));
    expect(await answer(device.get(options))).toEqual({ refused: 'challenge' });
  });

  it('is refused when its counter goes back or stands still: there may be a copy', async () => {
    const { device } = await registered();
    expect(await answer(device.get(await askToSignIn(), { counter: 41 }))).not.toHaveProperty('refused');
    expect(await answer(device.get(await askToSignIn(), { counter: 41 }))).toHaveProperty('refused');
    expect(await answer(device.get(await askToSignIn(), { counter: 40 }))).toHaveProperty('refused');
    expect(await answer(device.get(await askToSignIn(), { counter: 0 }))).toHaveProperty('refused');
    expect(await answer(device.get(await askToSignIn(), { counter: 42 }))).not.toHaveProperty('refused');
  });

  it('works on the host for which it was made and on no other of the tenant', async () => {
    const { device } = await registered();
    const elsewhere = { host: 'acme.example', isSecure: true };
    expect(await answer(device.get(await askToSignIn()), null, elsewhere)).toEqual({ refused: 'credential' });
  });

  it('may be one of several, each with a name, and each can be removed', async () => {
    const { oneself, device, passkey } = await registered();
    const second = await register(oneself, device);
    if (second === 'exists' || 'refused' in second) throw new Error('it was not registered');
    expect(second.recoveryCodes).toBeNull();
    const rename = { passkeyId: second.passkey.id, userId: oneself.userId, name: 'Telephone' };
    await acme.inTenant((tx) => renamePasskey(tx, rename));
    const names = async () =>
      (await acme.inTenant((tx) => passkeysOfUser(tx, { userId: oneself.userId }))).map(({ name }) => name);
    expect(await names()).toEqual(['Laptop', 'Telephone']);
    const stranger = await somebody();
    const theft = acme.inTenant((tx) => dropPasskey(deps, tx, stranger, passkey.id));
    await expect(theft).rejects.toMatchObject({ code: 'identity.factor_unknown' });
    await acme.inTenant((tx) => dropPasskey(deps, tx, oneself, passkey.id));
    expect(await names()).toEqual(['Telephone']);
  });

  it('is no second one where it is known already', async () => {
    const { oneself, device } = await registered();
    const options = await acme.inTenant((tx) => creationOptions(tx, oneself, 'Acme Markets'));
    expect(options.excludeCredentials).toHaveLength(1);
    const response = RegistrationResponse.parse(device.create(options));
    const first = await acme.inTenant((tx) => registerPasskey(deps, tx, oneself, { name: 'One', response }));
    expect(first).toHaveProperty('passkey');
    const replayed = await acme.inTenant((tx) => registerPasskey(deps, tx, oneself, { name: 'One', response }));
    expect(replayed).toEqual({ refused: 'challenge' });
  });

  it('cannot be removed by staff as the last factor, not even when two are removed at the same time', async () => {
    const { oneself, device, passkey } = await registered('support');
    const second = await register(oneself, device);
    if (second === 'exists' || 'refused' in second) throw new Error('it was not registered');
    const outcomes = await Promise.allSettled(
      [passkey.id, second.passkey.id].map((id) => acme.inTenant((tx) => dropPasskey(deps, tx, oneself, id))),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await acme.inTenant((tx) => factorsOf(tx, oneself.userId))).passkeys).toBe(1);
  });
});
