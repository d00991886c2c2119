import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/platform/logger.ts';
import { rotateKeys, signingKeySealer } from '../../src/identity/index.ts';
import { KeyRing, keyRingDefaults } from '../../src/identity/tokens/key-ring.ts';
import { makeTokens } from '../../src/identity/tokens/service.ts';
import { isProblem } from '../../src/kernel/problem.ts';
import { makePerson, type Person } from '../support/people.ts';
import { openWorld, type World } from './world.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part = ''): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Record<string, unknown>;

describe('Access tokens', () => {
  let world: World;
  let kim: Person;
  let sealer: ReturnType<typeof signingKeySealer>;
  let firstKids: string[] = [];
  beforeAll(async () => {
    world = await openWorld();
    sealer = signingKeySealer(world.config.secret);
    firstKids = await Promise.all(Array.from({ length: 5 }, async () => (await ring().signer()).kid));
    kim = await makePerson(world, { roles: ['client'] });
  });
  afterAll(() => world.close());

  const ring = (settings: Partial<typeof keyRingDefaults> = {}): KeyRing =>
    new KeyRing({
      withControl: world.tenancy.withControl,
      sealer,
      settings: { ...keyRingDefaults, ...settings },
      log: createLogger({ level: 'silent', role: 'test' }),
    });
  const refused = async (token: string, tenantId: string | null = world.acme.id): Promise<void> => {
    const error: unknown = await world.authenticate(token, tenantId).then(
      () => 'it was let in',
      (problem: unknown) => problem,
    );
    expect(isProblem(error, 'identity.token_invalid') && error.message).toBe(
      'identity.token_invalid: The access token is no good here',
    );
    expect(isProblem(error, 'identity.token_invalid') && [error.status, error.members, error.cause]).toEqual([
      401,
      {},
      undefined,
    ]);
  };
  /** Kim's token with other claims or another header, signed by the key that really signs. */
  const forged = async (claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> => {
    const { kid, privateKey } = await ring().signer();
    const [, payload] = kim.token.split('.');
    const all = Object.fromEntries(
      Object.entries({ ...decode(payload), ...claims }).filter(([, value]) => value !== undefined),
    );
    const given = { alg: 'ES256' as const, typ: 'at+jwt', kid, ...header };
    return jwt.sign(all, privateKey, { algorithm: 'ES256', header: given });
  };

  it('lets in whom it was issued to, with his roles on its surface', async () => {
    const caller = await world.authenticate(kim.token);
    expect(caller).toMatchObject({
      kind: 'user',
      id: kim.id,
      surface: 'portal',
      roles: ['client'],
      sessionId: kim.sessionId,
    });
    expect(caller.provenAt).toBeInstanceOf(Date);
    expect((await world.authenticate(await forged({}))).id).toBe(kim.id); // The forger below is good where nothing is forged.
  });

  it('is no good without a signature, or with one by another algorithm or key (A22)', async () => {
    const [header, payload, signature] = kim.token.split('.');
    const { kid } = await ring().signer();
    const publicPem = (await ring().verifier(kid))?.export({ type: 'spki', format: 'pem' }).toString() ?? '';
    await refused(`${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`);
    await refused(`${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.${signature}`);
    await refused(`${header}.${payload}.`);
    await refused(`${header}.${payload}`);
    await refused(`${header}.${payload}.AAAA`);
    await refused(`${header}.${payload}.${randomBytes(64).toString('base64url')}`);
    const hs256 = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${payload}`;
    for (const key of [publicPem, publicPem.trim(), ''])
      await refused(`${hs256}.${createHmac('sha256', key).update(hs256).digest('base64url')}`);
    const { privateKey: stranger } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await refused(
      jwt.sign(decode(payload), stranger, { algorithm: 'ES256', header: { alg: 'ES256', typ: 'at+jwt', kid } }),
    );
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await refused(jwt.sign(decode(payload), rsa, { algorithm: 'RS256', header: { alg: 'RS256', typ: 'at+jwt', kid } }));
  });

  it('is no good with a key in its header, an odd kid, another type or an extension (A22)', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [, payload] = kim.token.split('.');
    const jwk = publicKey.export({ format: 'jwk' });
    const embedded = { alg: 'ES256' as const, typ: 'at+jwt', kid: 'a'.repeat(16), jwk };
    await refused(jwt.sign(decode(payload), privateKey, { algorithm: 'ES256', header: embedded }));
    for (const more of [
      { jwk },
      { jku: 'https://evil.example/keys' },
      { x5c: ['AAAA'] },
      { crit: ['exp'] },
      { typ: 'JWT' },
      { typ: undefined },
    ])
      await refused(await forged({}, more));
    const odd = [
      '../../../../etc/passwd',
      "' or 1=1 --",
      '',
      'a'.repeat(16),
      '__proto__',
      'constructor',
      'é'.repeat(16),
      0,
      null,
      ['x'],
      {},
    ];
    for (const kid of odd) await refused(await forged({}, { kid }));
  });

  it('is no good for another audience, issuer, time or tenant, or with claims that are not ours (A20, A22)', async () => {
    const seconds = await ring().nowSeconds();
    const bad: Record<string, unknown>[] = [
      { aud: 'cascade:api' },
      { aud: 'cascade:ops' },
      { aud: ['cascade:portal'] },
      { aud: undefined },
      { iss: 'cascade:elsewhere' },
      { iss: undefined },
      { iat: seconds - 700, exp: seconds - 100 },
      { exp: seconds },
      { exp: undefined },
      { exp: seconds + 86_400 },
      { nbf: seconds + 60 },
      { iat: seconds + 60, exp: seconds + 600 },
      { tid: undefined },
      { tid: world.zenith.id },
      { sub: (await makePerson(world, { roles: ['client'] })).id },
      { sub: kim.sessionId },
      { sid: undefined },
      { sid: kim.id },
      { act: { sub: 'usr_x' } },
      { grant: 'gra_x' },
      { roles: ['owner'] },
    ];
    for (const claims of bad) await refused(await forged(claims));
    await refused(kim.token, world.zenith.id);
    await refused(kim.token, null);
    const operator = await makePerson(world, { tenant: null });
    expect(await world.authenticate(operator.token, null)).toMatchObject({
      kind: 'operator',
      surface: 'ops',
      roles: ['operator'],
    });
    await refused(operator.token);
  });

  it('is no refresh token, and what is no token at all is refused alike (A22)', async () => {
    const garbage = [
      'x',
      '..',
      'a.b.c',
      'null',
      '%',
      'A'.repeat(5_000),
      `${kim.token}x`,
      `${kim.token}.${kim.token}`,
      `${encode(null)}.${encode({})}.AA`,
    ];
    for (const token of [kim.refreshToken, ...garbage]) await refused(token);
    const none = await world.identity.guard
      .authenticate(undefined, { tenantId: world.acme.id })
      .catch((error: unknown) => error);
    expect(isProblem(none, 'identity.sign_in_required')).toBe(true);
    for (const header of ['', 'Bearer', 'Bearer ', `Basic ${kim.token}`, `Bearer ${kim.token} x`])
      await expect(world.identity.guard.authenticate(header, { tenantId: world.acme.id })).rejects.toThrow(
        'token_invalid',
      );
  });

  it('counts time by the database, whatever this machine’s clock says', async () => {
    const real = Date.now;
    try {
      for (const shiftMs of [3_600_000, -3_600_000]) {
        Date.now = () => real() + shiftMs;
        const other = world.open();
        const subject = {
          tenantId: world.acme.id,
          userId: kim.id,
          sessionId: kim.sessionId,
          surface: 'portal',
          delegation: null,
        } as const;
        const { accessToken } = await other.signIn.tokens.issue(subject);
        expect(Math.abs(Number(decode(accessToken.split('.')[1]).iat) - real() / 1000)).toBeLessThan(5);
        expect((await other.guard.authenticate(`Bearer ${accessToken}`, { tenantId: world.acme.id })).id).toBe(kim.id);
        const expired = await forged({ iat: Math.floor(real() / 1000) - 700, exp: Math.floor(real() / 1000) - 100 });
        await expect(other.guard.authenticate(`Bearer ${expired}`, { tenantId: world.acme.id })).rejects.toThrow(
          'token_invalid',
        );
      }
    } finally {
      Date.now = real;
    }
  });

  it('goes on over a rotation of the keys, in every process, without one refusal', async () => {
    const settings = { keptMs: 100, lookAgainMs: 20, leadMs: 300 };
    const processes = [ring(settings), ring(settings), ring(settings)].map((keys) =>
      makeTokens({ keys, issuer: 'cascade:localhost' }),
    );
    const subject = {
      tenantId: world.acme.id,
      userId: kim.id,
      sessionId: kim.sessionId,
      surface: 'portal',
      delegation: null,
    } as const;
    const kids = new Set<unknown>();
    const deps = { sealer, settings: { ...keyRingDefaults, ...settings } };
    const first = (await processes[0]?.issue(subject))?.accessToken ?? '';
    const made = await world.tenancy.withControl((tx) => rotateKeys(tx, deps, { isRevoked: false }));
    const untilMs = performance.now() + 1_000;
    while (performance.now() < untilMs) {
      for (const issuing of processes) {
        const { accessToken } = await issuing.issue(subject);
        kids.add(decode(accessToken.split('.')[0]).kid);
        for (const verifying of processes) expect((await verifying.verify(accessToken)).userId).toBe(kim.id);
      }
    }
    expect(kids.size).toBe(2);
    expect(kids.has(made.kid)).toBe(true);
    for (const verifying of processes) expect((await verifying.verify(first)).userId).toBe(kim.id);
  });

  it('has one first key, however many processes begin at the same time', () => {
    expect(new Set(firstKids).size).toBe(1);
  });

  it('lives through an outage of the control database, for a bounded time', async () => {
    let isAway = false;
    const cutOff = (staleMsMax: number): KeyRing =>
      new KeyRing({
        withControl: (work, origin) =>
          isAway ? Promise.reject(new Error('away')) : world.tenancy.withControl(work, origin),
        sealer,
        settings: { ...keyRingDefaults, keptMs: 0, lookAgainMs: 0, staleMsMax },
        log: createLogger({ level: 'silent', role: 'test' }),
      });
    const [patient, impatient] = [cutOff(60_000), cutOff(0)];
    const { kid } = await patient.signer();
    await impatient.signer();
    isAway = true;
    expect((await patient.signer()).kid).toBe(kid);
    expect(await patient.verifier(kid)).toBeDefined();
    await expect(impatient.signer()).rejects.toThrow('away');
    isAway = false;
    expect((await impatient.signer()).kid).toBe(kid);
  });

  it('looks for an unknown kid at most once in its time, however many ask', async () => {
    let looks = 0;
    const counted = new KeyRing({
      withControl: (work, origin) => {
        looks += 1;
        return world.tenancy.withControl(work, origin);
      },
      sealer,
      settings: { ...keyRingDefaults, lookAgainMs: 60_000 },
      log: createLogger({ level: 'silent', role: 'test' }),
    });
    await Promise.all(
      Array.from({ length: 50 }, (_none, index) => counted.verifier(`unknown-kid-${String(index).padStart(4, '0')}`)),
    );
    expect(looks).toBe(1);
  });

  it('is out at once where the key became known, and sessions go on', async () => {
    const deps = { sealer, settings: keyRingDefaults };
    const before = ring();
    const { kid } = await before.signer();
    await world.tenancy.withControl((tx) => rotateKeys(tx, deps, { isRevoked: true }));
    const after = ring();
    expect(await after.verifier(kid)).toBeUndefined();
    expect((await after.signer()).kid).not.toBe(kid);
  });
});
