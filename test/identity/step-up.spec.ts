import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as factors from '../../src/identity/factors/contract.ts';
import * as passkeys from '../../src/identity/passkeys/contract.ts';
import { login, me } from '../../src/identity/sign-in/contract.ts';
import { createApiKey } from '../../src/identity/api-keys/contract.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { SoftwareAuthenticator } from '../support/authenticator.ts';
import { makePerson } from '../support/people.ts';

describe('A second factor through the API', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi();
  });
  afterAll(() => api.close());

  const device = () => new SoftwareAuthenticator(`http://acme.localhost:${api.port}`);
  const newcomer = () => makePerson(api, { roles: ['admin'], isProven: false });
  const addPasskey = async (token: string, authenticator: SoftwareAuthenticator, name = 'Laptop') => {
    const options = (await api.call(passkeys.beginPasskey, { token })).ok();
    const response = authenticator.create(options);
    return api.call(passkeys.addPasskey, { token, body: { name, response } });
  };

  it('is a passkey: it proves the session, signs in without a password, and proves anew', async () => {
    const { token, id } = await newcomer();
    const authenticator = device();
    expect((await api.call(createApiKey, { token, body: { name: 'Key', scopes: ['clients:list'] } })).status).toBe(403);
    const added = (await addPasskey(token, authenticator)).ok();
    expect(added).toMatchObject({ passkey: { name: 'Laptop', host: 'acme.localhost' } });
    expect(added.recoveryCodes).toHaveLength(10);
    expect((await api.call(createApiKey, { token, body: { name: 'Key', scopes: ['clients:list'] } })).status).toBe(201);

    const asked = (await api.call(passkeys.beginPasskeyLogin)).ok();
    expect(asked.allowCredentials).toEqual([]);
    const passkey = authenticator.get(asked);
    const signedIn = (await api.call(login, { body: { passkey } })).ok();
    expect(signedIn).toMatchObject({ surface: 'admin', secondFactor: 'proven' });
    expect((await api.call(me, { token: signedIn.accessToken })).ok().id).toBe(id);
    expect((await api.call(login, { body: { passkey } })).status).toBeGreaterThanOrEqual(400);

    const again = (await api.call(passkeys.beginPasskeyStepUp, { token })).ok();
    const proof = { passkey: authenticator.get(again) };
    expect((await api.call(factors.stepUp, { token, body: proof })).status).toBe(200);
    expect((await api.call(factors.stepUp, { token, body: proof })).code).toBe('identity.passkey_refused');
  });

  it('is shown, named and removed; the last one stays', async () => {
    const { token } = await newcomer();
    const authenticator = device();
    const { passkey } = (await addPasskey(token, authenticator)).ok();
    const params = { passkeyId: passkey.id };
    const renamed = await api.call(passkeys.renamePasskey, { token, params, body: { name: 'Telephone' } });
    expect(renamed.ok()).toMatchObject({ name: 'Telephone' });
    expect((await api.call(passkeys.removePasskey, { token, params })).code).toBe('identity.factor_last');
    const { secret } = (await api.call(factors.beginTotp, { token })).ok();
    const confirmed = await api.call(factors.confirmTotp, { token, body: { code: generateSync({ secret }) } });
    expect(confirmed.ok().recoveryCodes).toBeNull(); // They came with the passkey.
    expect((await api.call(passkeys.removePasskey, { token, params })).status).toBe(204);
    expect((await api.call(factors.removeTotp, { token })).code).toBe('identity.factor_last');
    const { totp, passkeys: left, recoveryCodesLeft } = (await api.call(factors.listFactors, { token })).ok();
    expect({ totp: totp !== null, left, recoveryCodesLeft }).toEqual({ totp: true, left: [], recoveryCodesLeft: 10 });
    const other = await newcomer();
    const theft = await api.call(passkeys.renamePasskey, { token: other.token, params, body: { name: 'Mine' } });
    expect(theft.code).toBe('identity.factor_unknown');
  });

  it('cannot be guessed: after five wrong codes the account has to wait, whatever is asked in between', async () => {
    const { token } = await newcomer();
    const { secret } = (await api.call(factors.beginTotp, { token })).ok();
    await api.call(factors.confirmTotp, { token, body: { code: generateSync({ secret }) } });
    const codes: (string | undefined)[] = [];
    for (let guess = 0; guess < 7; guess += 1) {
      codes.push((await api.call(factors.stepUp, { token, body: { otp: `00000${guess}` } })).code);
      await api.call(factors.confirmTotp, { token, body: { code: '000000' } }); // Nothing waits: it is no try, right or wrong.
    }
    expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'identity.code_wrong'));
    expect(codes.slice(6)).toEqual(['identity.sign_in_delayed']);
    const late = await api.call(factors.stepUp, { token, body: { otp: generateSync({ secret }) } });
    expect(late.code).toBe('identity.sign_in_delayed');
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('is given by whoever is signed in, however many strangers try passwords on the account meanwhile', async () => {
    const { token, email } = await newcomer();
    const authenticator = device();
    (await addPasskey(token, authenticator)).ok();
    const guess = { email, password: 'a wrong password' };
    let refused: string | undefined;
    for (let count = 0; count < 6; count += 1) refused = (await api.call(login, { body: guess })).code;
    expect(refused).toBe('identity.sign_in_delayed');
    const asked = (await api.call(passkeys.beginPasskeyStepUp, { token })).ok();
    const proof = { passkey: authenticator.get(asked) };
    expect((await api.call(factors.stepUp, { token, body: proof })).status).toBe(200);
    expect((await api.call(login, { body: guess })).code).toBe('identity.sign_in_delayed'); // What strangers did still counts.
  });

  it('is nobody’s business without a session', async () => {
    for (const operation of [factors.listFactors, factors.beginTotp, passkeys.beginPasskey])
      expect((await api.call(operation)).code).toBe('identity.sign_in_required');
  });
});
