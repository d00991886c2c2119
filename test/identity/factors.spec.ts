import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SessionId, type UserId } from '../../src/kernel/ids.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { onlyRow, query } from '../../src/platform/query.ts';
import type { FactorDeps } from '../../src/identity/factors/port.ts';
import {
  confirmEnrolment,
  enrolTotp,
  removeTotp,
  renewRecoveryCodes,
  resetFactorsOf,
} from '../../src/identity/factors/service.ts';
import { factorsOf, proveByCode } from '../../src/identity/factors/store.ts';
import type { Oneself } from '../../src/identity/factors/types.ts';
import { makeRealmOf } from '../../src/identity/realm.ts';
import { openSession, sessionDefaults } from '../../src/identity/sessions/service.ts';
import { createUser } from '../../src/identity/users/service.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const site = { host: 'acme.localhost:3000', isSecure: false };
const sealer = makeSealer('a secret of at least thirty-two characters', 'identity.factors');
const databaseSeconds = query(
  'test.database_seconds',
  z.object({ seconds: z.number() }),
  `select extract(epoch from clock_timestamp())::float8 as seconds`,
);
const storedSecrets = query(
  'test.stored_secrets',
  z.object({ secret: z.instanceof(Buffer), lastStep: z.bigint() }),
  `select secret, last_step as "lastStep" from identity.totp_factors where user_id = :userId`,
);
const age = query(
  'test.age_proof',
  z.object({}),
  `update identity.sessions set proven_at = clock_timestamp() - interval '6 minutes' where id = :sessionId`,
);
const eventTypes = query(
  'test.event_types',
  z.object({ type: z.string(), text: z.string() }),
  `select type, payload::text as text from platform.events where stream = :stream order by seq`,
);

describe('A second factor by code', () => {
  let acme: TestTenant;
  let mails: Mail[];
  let deps: FactorDeps;
  let count = 0;

  beforeAll(async () => {
    acme = await openTestTenant();
    const { withTenant, withControl } = acme.tenancy;
    mails = [];
    deps = {
      realmOf: makeRealmOf({ withTenant, withControl }),
      sealer,
      sendMail: (_tx, mail) => Promise.resolve(void mails.push(mail)),
      issuerOf: () => Promise.resolve('Acme Markets'),
      tries: { count: () => Promise.resolve(), right: () => Promise.resolve() },
      forget: () => undefined,
    };
  });
  afterAll(() => acme.close());

  const somebody = (role = 'support'): Promise<Oneself> =>
    acme.inTenant(async (tx) => {
      count += 1;
      const email = `somebody${count}@acme.example`;
      const userId = await createUser(tx, { email, name: 'Somebody', roles: [role], isVerified: true });
      const { sessionId } = await openSession(
        tx,
        { key: Buffer.alloc(32), settings: sessionDefaults },
        { userId, surface: 'admin', isProven: false, device: { address: '127.0.0.1', userAgent: 'test' } },
      );
      return { userId, sessionId, site };
    });
  const secondsNow = () => acme.inTenant(async (tx) => onlyRow(await databaseSeconds(tx, {})).seconds);
  const codeAt = async (secret: string, steps = 0) =>
    generateSync({ secret, epoch: Math.floor(await secondsNow()) + steps * 30 });
  /** Waits for the next step where the present one is nearly over, so that a code does not age under the test. */
  const inMidStep = async () => {
    const left = 30 - ((await secondsNow()) % 30);
    if (left < 3) await new Promise((resolve) => setTimeout(resolve, left * 1000 + 50));
  };
  const enrolled = async (role?: string) => {
    const oneself = await somebody(role);
    const { secret } = await acme.inTenant((tx) => enrolTotp(deps, tx, oneself, 'Acme Markets'));
    await inMidStep();
    const code = await codeAt(secret, -1);
    const outcome = await acme.inTenant((tx) => confirmEnrolment(deps, tx, oneself, code));
    if (typeof outcome === 'string') throw new Error(outcome);
    return { oneself, secret, recoveryCodes: outcome.recoveryCodes ?? [] };
  };
  const prove = (userId: UserId, code: string) => acme.inTenant((tx) => proveByCode(tx, deps, userId, code));

  it('is set up by a secret of 160 bits and its first code, and sealed where it is kept', async () => {
    const oneself = await somebody();
    const begun = await acme.inTenant((tx) => enrolTotp(deps, tx, oneself, 'Acme Markets'));
    expect(begun.secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(begun.uri).toContain('otpauth://totp/Acme%20Markets:');
    expect(begun.uri).toContain(`secret=${begun.secret}`);
    expect(await acme.inTenant((tx) => factorsOf(tx, oneself.userId))).toEqual({
      totp: false,
      passkeys: 0,
      recoveryCodesLeft: 0,
    });
    await inMidStep();
    const code = await codeAt(begun.secret);
    expect(await prove(oneself.userId, code)).toBeUndefined(); // It does not count before it is confirmed.
    expect(await acme.inTenant((tx) => confirmEnrolment(deps, tx, oneself, '000000'))).toBe('wrong');
    const outcome = await acme.inTenant((tx) => confirmEnrolment(deps, tx, oneself, code));
    expect(outcome).toEqual({ recoveryCodes: expect.any(Array) as unknown });
    expect(await acme.inTenant((tx) => factorsOf(tx, oneself.userId))).toEqual({
      totp: true,
      passkeys: 0,
      recoveryCodesLeft: 10,
    });
    const [stored] = await acme.inTenant((tx) => storedSecrets(tx, { userId: oneself.userId }));
    expect(stored?.secret.includes(Buffer.from(begun.secret))).toBe(false);
    expect(() => sealer.open(stored?.secret ?? Buffer.alloc(0), 'identity.totp_factors/usr_another')).toThrow(
      /authenticate/,
    );
    expect(await acme.inTenant((tx) => confirmEnrolment(deps, tx, oneself, code))).toBe('missing');
  });

  it('counts in its step of 30 seconds and the ones beside it, and no further', async () => {
    const { oneself, secret } = await enrolled();
    await inMidStep();
    expect(await prove(oneself.userId, await codeAt(secret, -2))).toBeUndefined();
    expect(await prove(oneself.userId, await codeAt(secret, 2))).toBeUndefined();
    expect(await prove(oneself.userId, await codeAt(secret, 0))).toBe('totp');
    expect(await prove(oneself.userId, await codeAt(secret, 1))).toBe('totp');
  });

  it('is accepted once, and nothing older after it', async () => {
    const { oneself, secret } = await enrolled();
    await inMidStep();
    const [now, next] = [await codeAt(secret), await codeAt(secret, 1)];
    expect(await prove(oneself.userId, next)).toBe('totp');
    expect(await prove(oneself.userId, next)).toBeUndefined();
    expect(await prove(oneself.userId, now)).toBeUndefined();
  });

  it('is accepted once when 20 use the same code at the same time', async () => {
    const { oneself, secret } = await enrolled();
    await inMidStep();
    const code = await codeAt(secret);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => prove(oneself.userId, code)));
    expect(outcomes.filter((outcome) => outcome === 'totp')).toHaveLength(1);
  });

  it('may be a recovery code, once, when 20 use it at the same time', async () => {
    const { oneself, recoveryCodes } = await enrolled();
    expect(new Set(recoveryCodes).size).toBe(10);
    const [first = '', second = ''] = recoveryCodes;
    expect(first).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => prove(oneself.userId, first)));
    expect(outcomes.filter((outcome) => outcome === 'recovery_code')).toHaveLength(1);
    const typed = ` ${second.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o')} `;
    expect(await prove(oneself.userId, typed)).toBe('recovery_code');
    expect((await acme.inTenant((tx) => factorsOf(tx, oneself.userId))).recoveryCodesLeft).toBe(8);
  });

  it('is nobody else’s', async () => {
    const [one, other] = [await enrolled(), await enrolled()];
    await inMidStep();
    expect(await prove(other.oneself.userId, await codeAt(one.secret))).toBeUndefined();
    expect(await prove(other.oneself.userId, one.recoveryCodes[0] ?? '')).toBeUndefined();
    expect(await prove(other.oneself.userId, "' or 1=1 --")).toBeUndefined();
  });

  it('makes all earlier recovery codes void when new ones are made', async () => {
    const { oneself, recoveryCodes } = await enrolled();
    const renewed = await acme.inTenant((tx) => renewRecoveryCodes(deps, tx, oneself));
    expect(renewed).toHaveLength(10);
    expect(await prove(oneself.userId, recoveryCodes[0] ?? '')).toBeUndefined();
    expect(await prove(oneself.userId, renewed[0] ?? '')).toBe('recovery_code');
  });

  it('is replaced only by whoever gave it within the last 5 minutes, and counts until the new one is confirmed', async () => {
    const { oneself, secret } = await enrolled();
    const next = await acme.inTenant((tx) => enrolTotp(deps, tx, oneself, 'Acme Markets'));
    await inMidStep();
    expect(await prove(oneself.userId, await codeAt(secret))).toBe('totp');
    await acme.inTenant((tx) => age(tx, { sessionId: oneself.sessionId }));
    const code = await codeAt(next.secret, 1);
    const late = acme.inTenant((tx) => confirmEnrolment(deps, tx, oneself, code));
    await expect(late).rejects.toMatchObject({ code: 'identity.step_up_needed' });
    const again = acme.inTenant((tx) => enrolTotp(deps, tx, oneself, 'Acme Markets'));
    await expect(again).rejects.toMatchObject({ code: 'identity.step_up_needed' });
    const stranger = { ...oneself, sessionId: SessionId.parse('ses_00000000000000000000000000') };
    const elsewhere = acme.inTenant((tx) => enrolTotp(deps, tx, stranger, 'Acme Markets'));
    await expect(elsewhere).rejects.toMatchObject({ code: 'identity.step_up_needed' });
  });

  it('cannot be removed by staff who have no other, but by a client', async () => {
    const staff = await enrolled('support');
    const removal = acme.inTenant((tx) => removeTotp(deps, tx, staff.oneself));
    await expect(removal).rejects.toMatchObject({ code: 'identity.factor_last' });
    const client = await enrolled('client');
    await acme.inTenant((tx) => removeTotp(deps, tx, client.oneself));
    expect(await acme.inTenant((tx) => factorsOf(tx, client.oneself.userId))).toEqual({
      totp: false,
      passkeys: 0,
      recoveryCodesLeft: 0,
    });
    expect(await prove(client.oneself.userId, client.recoveryCodes[0] ?? '')).toBeUndefined();
  });

  it('tells its owner of each change by mail and the record by an event, without a secret', async () => {
    const { oneself, secret, recoveryCodes } = await enrolled();
    await acme.inTenant((tx) => renewRecoveryCodes(deps, tx, oneself));
    await acme.inTenant((tx) => resetFactorsOf(deps, tx, oneself));
    const told = await acme.inTenant((tx) => eventTypes(tx, { stream: `user/${oneself.userId}` }));
    const changes = ['identity.totp_added', 'identity.recovery_codes_made', 'identity.factors_reset'];
    expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(changes));
    const words = JSON.stringify(told);
    for (const word of [secret, ...recoveryCodes, '@acme.example']) expect(words).not.toContain(word);
    const sent = mails.slice(-3).map((mail) => mail.template === 'factor_changed' && mail.data.change);
    expect(sent).toEqual(['totp_added', 'recovery_codes_made', 'reset']);
    expect((await acme.inTenant((tx) => factorsOf(tx, oneself.userId))).totp).toBe(false);
  });
});
