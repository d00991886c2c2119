import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type MailRealm, makeSendMail } from '../../src/notifications/index.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { realmQuery } from '../../src/platform/query.ts';
import { openTestTenant, type TestTenant } from '../support/tenancy.ts';

const allMessages = realmQuery(
  'test.all_messages',
  z.object({ template: z.string(), state: z.string(), content: z.instanceof(Buffer).nullable() }),
  'select template, state, content from notifications.messages order by created_at',
);

const mail: Mail = {
  template: 'reset_password',
  to: { address: 'kim@example.com', name: 'Kim' },
  data: { link: 'https://acme.example/reset#s3cr3t-token', token: 's3cr3t-token', validMinutes: 15 },
};

describe('A mail', () => {
  let acme: TestTenant;
  const nudged: MailRealm[] = [];
  const sendMail = makeSendMail({
    sealer: makeSealer('a secret of at least thirty-two characters', 'notifications'),
    nudge: (realm) => nudged.push(realm),
  });
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());

  it('is a row of the transaction that wants it, and somebody is told after the commit, once', async () => {
    nudged.length = 0;
    await acme.inTenant(async (tx) => {
      await sendMail(tx, mail);
      await sendMail(tx, mail);
      expect(nudged).toEqual([]);
    });
    expect(nudged).toEqual([acme.tenant.id]);
    const rows = await acme.inTenant((tx) => allMessages(tx, {}));
    expect(rows.map(({ template, state }) => `${template} ${state}`)).toEqual(Array(2).fill('reset_password waiting'));
  });

  it('is not sent, and nobody told, where the transaction fails', async () => {
    nudged.length = 0;
    const before = (await acme.inTenant((tx) => allMessages(tx, {}))).length;
    const failing = acme.inTenant(async (tx) => {
      await sendMail(tx, mail);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await acme.inTenant((tx) => allMessages(tx, {}))).toHaveLength(before);
    expect(nudged).toEqual([]);
  });

  it('lies sealed: neither address nor token can be read in the database', async () => {
    const rows = await acme.inTenant((tx) => allMessages(tx, {}));
    for (const { content } of rows) {
      expect(content?.includes('s3cr3t')).toBe(false);
      expect(content?.includes('kim@')).toBe(false);
    }
  });

  it('goes to operators from the control database in the same way', async () => {
    nudged.length = 0;
    await acme.tenancy.withControl((tx) => sendMail(tx, mail));
    expect(nudged).toEqual([null]);
    expect(await acme.tenancy.withControl((tx) => allMessages(tx, {}))).toHaveLength(1);
  });

  it.each([
    '',
    'kim',
    'kim@example.com\r\nBcc: everybody@example.com',
    'a@b.c, d@e.f',
    `${'x'.repeat(250)}@example.com`,
  ])('is refused for the address %j', async (address) => {
    const sending = acme.inTenant((tx) => sendMail(tx, { ...mail, to: { address, name: null } }));
    await expect(sending).rejects.toMatchObject({ code: 'notifications.recipient_invalid' });
  });
});
