import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MailCatcher, startMailCatcher } from '../../simulators/mail/index.ts';
import { register, verifyEmail } from '../../src/identity/registration/contract.ts';
import { login } from '../../src/identity/sign-in/contract.ts';
import { type MailDelivery, makeDelivery, makeSendMail, openTransport } from '../../src/notifications/index.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import { openTestApi, type TestApi } from '../support/api.ts';
import { testLog } from '../support/tenancy.ts';

describe('Who registers', () => {
  let api: TestApi;
  let catcher: MailCatcher;
  let delivery: MailDelivery;
  let close: () => void;
  beforeAll(async () => {
    const sealer = makeSealer('a secret of at least thirty-two characters', 'notifications');
    catcher = await startMailCatcher();
    api = await openTestApi({ dependencies: { sendMail: makeSendMail({ sealer, nudge: () => undefined }) } });
    const transport = openTransport({
      url: catcher.smtpUrl,
      from: 'no-reply@localhost',
      connectMsMax: 1_000,
      deliverMsMax: 3_000,
    });
    close = transport.close;
    const senderOf = async () => 'Acme Markets';
    const { withTenant, withControl } = api;
    delivery = makeDelivery({
      withTenant,
      withControl,
      sealer,
      transport,
      senderOf,
      domain: 'localhost',
      log: testLog,
    });
  });
  afterAll(async () => {
    close();
    await catcher.close();
    await api.close();
  });

  it('gets a mail with a token by which he can sign in, and nobody reads it but in the mail', async () => {
    const email = 'kim.lee@example.com';
    const password = 'orange bicycle under the bridge';
    const body = { email, password, firstName: 'Kim', lastName: 'Lee', country: 'CY' };
    expect((await api.call(register, { body })).status).toBeLessThan(300);
    expect((await api.call(login, { body: { email, password } })).status).toBeGreaterThanOrEqual(400);
    await delivery.deliverDue(api.tenantOf('acme').id);
    const mail = await catcher.next(({ to }) => to.includes(email));
    expect(mail.subject).toBe('Confirm your e-mail address for Acme Markets');
    const [, token = ''] = /type this code where it is asked for:\s+(\S+)\s/.exec(mail.text) ?? [];
    expect(mail.text).toContain(`token=${token}`);
    expect((await api.call(verifyEmail, { body: { token } })).status).toBeLessThan(300);
    expect((await api.call(login, { body: { email, password } })).ok()).toHaveProperty('accessToken');
  });
});
