import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CaughtMail, type MailCatcher, startMailCatcher } from '../../simulators/mail/index.ts';
import { type DeliveryDeps, makeDelivery, makeSendMail, openTransport } from '../../src/notifications/index.ts';
import { makeSealer } from '../../src/platform/crypto.ts';
import type { Mail } from '../../src/platform/mail.ts';
import { realmQuery } from '../../src/platform/query.ts';
import type { WithTenant } from '../../src/platform/tenant-tx.ts';
import { openTestTenant, testLog, type TestTenant } from '../support/tenancy.ts';

const messages = realmQuery(
  'test.messages',
  z.object({ state: z.string(), attempts: z.int(), isWiped: z.boolean(), lastError: z.string().nullable() }),
  `select state, attempts, content is null as "isWiped", last_error as "lastError" from notifications.messages order by created_at, id`,
);
const forget = realmQuery(
  'test.forget_messages',
  z.object({}),
  `update notifications.messages set state = 'failed', content = null where state <> 'sent'`,
);
const events = realmQuery(
  'test.mail_events',
  z.object({ type: z.string(), reason: z.string() }),
  `select type, payload ->> 'reason' as reason from platform.events where type like 'notifications.%' order by seq`,
);

const mailTo = (address: string): Mail => ({
  template: 'reset_password',
  to: { address, name: 'Kim' },
  data: { link: 'https://acme.example/reset?token=s3cr3t', token: 's3cr3t', validMinutes: 15 },
});
const sealer = makeSealer('a secret of at least thirty-two characters', 'notifications');
const sendMail = makeSendMail({ sealer, nudge: () => undefined });
const isTo = (address: string) => (mail: CaughtMail) => mail.to.includes(address);

describe('Mails that wait', () => {
  let acme: TestTenant;
  let catcher: MailCatcher;
  const closing: (() => void)[] = [];
  beforeAll(async () => {
    acme = await openTestTenant();
  });
  afterAll(() => acme.close());
  beforeEach(async () => {
    catcher = await startMailCatcher({
      refuse: (address) =>
        address.startsWith('gone')
          ? { code: 550, text: `5.1.1 <${address}> is unknown here` }
          : address.startsWith('later')
            ? { code: 450, text: `4.2.0 <${address}> is greylisted` }
            : undefined,
    });
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) close();
    await catcher.close();
    await acme.inTenant((tx) => forget(tx, {}));
  });

  const delivery = (more: Partial<DeliveryDeps> = {}) => {
    const transport = openTransport({
      url: catcher.smtpUrl,
      from: 'no-reply@acme.example',
      connectMsMax: 1_000,
      deliverMsMax: 3_000,
    });
    closing.push(transport.close);
    return makeDelivery({
      withTenant: acme.tenancy.withTenant,
      withControl: acme.tenancy.withControl,
      sealer,
      transport,
      senderOf: (realm) => Promise.resolve(realm === null ? 'Cascade' : acme.tenant.name),
      domain: 'acme.example',
      log: testLog,
      ...more,
      settings: { backoffMs: 1, ...more.settings },
    });
  };
  const wants = (address: string) => acme.inTenant((tx) => sendMail(tx, mailTo(address)));
  const last = async () => (await acme.inTenant((tx) => messages(tx, {}))).at(-1);

  it('are delivered in the name of the tenant, and wiped', async () => {
    await wants('kim@example.com');
    expect(await delivery().deliverDue(acme.tenant.id)).toEqual({ sent: 1, left: false });
    const [mail] = catcher.mails();
    expect(mail).toMatchObject({ from: 'Acme Markets <no-reply@acme.example>', to: ['kim@example.com'] });
    expect(mail?.text).toContain('https://acme.example/reset?token=s3cr3t');
    expect(mail?.html).toContain('https://acme.example/reset?token=s3cr3t');
    expect(mail?.messageId).toMatch(/^<msg_[0-9a-z]{26}@acme\.example>$/);
    expect(await last()).toEqual({ state: 'sent', attempts: 1, isWiped: true, lastError: null });
  });

  it('are delivered once, however many deliver at the same time', async () => {
    for (let count = 0; count < 12; count += 1) await wants(`crowd${count}@example.com`);
    const one = delivery();
    const other = delivery();
    const sent = await Promise.all([one, other, one].map((each) => each.deliverDue(acme.tenant.id)));
    expect(sent.reduce((sum, each) => sum + each.sent, 0)).toBe(12);
    expect(new Set(catcher.mails().flatMap(({ to }) => to)).size).toBe(12);
    expect(catcher.mails()).toHaveLength(12);
  });

  it('go to operators from the control database', async () => {
    await acme.tenancy.withControl((tx) => sendMail(tx, mailTo('operator@example.com')));
    await delivery().deliverDue(null);
    expect(await catcher.next(isTo('operator@example.com'))).toMatchObject({ from: 'Cascade <no-reply@acme.example>' });
  });

  it('come a second time under the same Message-ID where the sender died before it could note them, and never not at all', async () => {
    await wants('twice@example.com');
    let calls = 0;
    const diesBeforeItNotes: WithTenant = (...asked) => {
      calls += 1;
      return calls === 1 ? acme.tenancy.withTenant(...asked) : Promise.reject(new Error('killed'));
    };
    const dying = delivery({ withTenant: diesBeforeItNotes, settings: { leaseMs: 300 } });
    await expect(dying.deliverDue(acme.tenant.id)).rejects.toThrow('killed');
    expect(await last()).toMatchObject({ state: 'sending', isWiped: false });
    const next = delivery();
    expect(await next.deliverDue(acme.tenant.id)).toMatchObject({ sent: 0 }); // The one who has it may be alive.
    const dueInMs = await next.lookAfter(acme.tenant.id);
    expect(dueInMs).toBeLessThanOrEqual(300);
    await expect.poll(() => next.lookAfter(acme.tenant.id), { interval: 20 }).toBe(0);
    expect(await next.deliverDue(acme.tenant.id)).toMatchObject({ sent: 1 });
    const copies = catcher.mails().filter(isTo('twice@example.com'));
    expect(copies).toHaveLength(2);
    expect(new Set(copies.map(({ messageId }) => messageId)).size).toBe(1);
    expect(await last()).toMatchObject({ state: 'sent', isWiped: true });
  });

  it('wait while the server is away, however often it is tried, and all come when it is back', async () => {
    const port = Number(new URL(catcher.smtpUrl).port);
    await catcher.close();
    for (let count = 0; count < 8; count += 1) await wants(`patient${count}@example.com`);
    const settings = { refusalsMax: 2, backoffMsMax: 1 };
    const waiting = delivery({ settings });
    for (let tries = 0; tries < 4; tries += 1)
      expect(await waiting.deliverDue(acme.tenant.id)).toEqual({ sent: 0, left: true });
    expect((await acme.inTenant((tx) => messages(tx, {}))).filter(({ state }) => state === 'waiting')).toHaveLength(8);
    catcher = await startMailCatcher({ smtpPort: port });
    await expect
      .poll(
        async () => {
          await waiting.deliverDue(acme.tenant.id);
          return catcher.mails().length;
        },
        { interval: 20 },
      )
      .toBe(8);
  });

  it('wait where no server is configured: nothing pretends that they were sent', async () => {
    await wants('someday@example.com');
    const without = delivery({ transport: undefined });
    expect(await without.deliverDue(acme.tenant.id)).toEqual({ sent: 0, left: false });
    expect(await without.lookAfter(acme.tenant.id)).toBeNull();
    expect(await last()).toMatchObject({ state: 'waiting', attempts: 0, isWiped: false });
  });

  it('are given up at once where the server says never, with a reason that names nobody, and an event says so', async () => {
    await wants('gone@example.com');
    await delivery().deliverDue(acme.tenant.id);
    expect(await last()).toEqual({ state: 'failed', attempts: 1, isWiped: true, lastError: 'EENVELOPE 550 5.1.1' });
    expect((await acme.inTenant((tx) => events(tx, {}))).at(-1)).toEqual({
      type: 'notifications.mail_failed',
      reason: 'EENVELOPE 550 5.1.1',
    });
  });

  it('are tried again where the server says not now, and given up after so many refusals', async () => {
    await wants('later@example.com');
    const twice = delivery({ settings: { refusalsMax: 2, backoffMsMax: 1 } });
    await twice.deliverDue(acme.tenant.id);
    expect(await last()).toMatchObject({ state: 'waiting', attempts: 1, lastError: 'EENVELOPE 450 4.2.0' });
    await expect.poll(() => twice.lookAfter(acme.tenant.id), { interval: 5 }).toBe(0);
    await twice.deliverDue(acme.tenant.id);
    expect(await last()).toMatchObject({ state: 'failed', attempts: 2, isWiped: true });
  });

  it('are given up and wiped when they are too old to be of use', async () => {
    await wants('old@example.com');
    expect(await delivery({ settings: { ageDaysMax: 0 } }).lookAfter(acme.tenant.id)).toBeNull();
    expect(await last()).toEqual({ state: 'failed', attempts: 0, isWiped: true, lastError: 'too old' });
  });

  it('go over no connection that leaves this machine unencrypted', async () => {
    await wants('plain@example.com');
    const elsewhere = openTransport({
      url: catcher.smtpUrl.replace('127.0.0.1', '127.0.0.2'), // Not of the names of this machine, as far as the rule knows.
      from: 'no-reply@acme.example',
      connectMsMax: 1_000,
      deliverMsMax: 2_000,
    });
    closing.push(elsewhere.close);
    await delivery({ transport: elsewhere }).deliverDue(acme.tenant.id);
    expect(catcher.mails()).toEqual([]);
    expect(await last()).toMatchObject({ state: 'waiting' });
  });
});
