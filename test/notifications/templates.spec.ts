import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { writeMail } from '../../src/notifications/index.ts';
import type { Mail, MailTemplate } from '../../src/platform/mail.ts';

const at = new Date('2026-03-10T18:00:30Z');
const link = 'https://acme.example/somewhere?token=a-b_c&x=1';
const to = { address: 'kim@example.com', name: 'Kim' };
const token = 'a-b_c';
const examples: { readonly [Template in MailTemplate]: Extract<Mail, { template: Template }>['data'] } = {
  verify_email: { link, token, validMinutes: 1_440 },
  already_registered: { link },
  reset_password: { link, token, validMinutes: 15 },
  password_changed: { link, at },
  sessions_revoked: { link, at, reason: 'reuse' },
  invitation: { link, token, validMinutes: 2_880, invitedBy: 'Lena' },
  factor_changed: { link, at, change: 'totp_added' },
  new_device: { link, at, device: 'Firefox on Linux', address: '203.0.113.7' },
  statement_issued: { link, at, number: 7, total: '9.63284 USD', payable: '9.63 USD' },
  earnings_corrected: { link, what: 'rerun', reason: 'the tree was wrong', trades: 3, change: '-1.50 USD' },
  dispute_changed: { link, what: 'accepted', disputeId: 'dsp_1', reason: 'The agreement says so', amount: '2.01 USD' },
};
const all = Object.entries(examples).map(([template, data]) => ({ template, to, data }) as Mail);
const written = (mail: Mail, sender = 'Acme Markets') => writeMail(mail, sender);

describe('A mail', () => {
  it.each(all.map((mail) => [mail.template, mail] as const))(
    '%s has a subject, the link in both forms and its sender',
    (_name, mail) => {
      const { subject, text, html } = written(mail);
      expect(subject).toContain('Acme Markets');
      expect(text).toContain(link);
      expect(text).toContain('Hello Kim,');
      expect(text.trimEnd().endsWith('Acme Markets')).toBe(true);
      expect(html).toContain(`href="${link.replaceAll('&', '&amp;')}"`);
    },
  );

  it.each(['verify_email', 'reset_password', 'invitation'] as const)(
    '%s shows the token as text, and how long it is good',
    (template) => {
      const { text, html } = written({ template, to, data: examples[template] } as Mail);
      expect(text).toContain(`\n\n${token}\n\n`);
      expect(html).toContain(`>${token}</code>`);
      expect(text).toMatch(/work once, for (24 hours|15 minutes|48 hours)\./);
    },
  );

  it('has no tag, attribute or header line from a name, a tenant or a device, whatever they hold', () => {
    const nasty = fc.oneof(
      fc.constantFrom(
        '<script>alert(1)</script>',
        `" onload="x`,
        `'><img src=x>`,
        'Kim\r\nBcc: all@example.com',
        '\u202Eevil',
        '&lt;b&gt;',
      ),
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.string({ unit: 'binary', maxLength: 80 }),
    );
    const shape = (html: string): string[] => (html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/\s.*/s, '>'));
    fc.assert(
      fc.property(nasty, nasty, nasty, (name, tenant, device) => {
        const data = { link, at, device, address: device };
        const plain = written({ template: 'new_device', to, data: examples.new_device });
        const mail = written({ template: 'new_device', to: { address: to.address, name }, data }, tenant);
        expect(shape(mail.html)).toEqual(shape(plain.html));
        expect(mail.subject).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
      { numRuns: 300 },
    );
  });

  it('greets nobody by a name that is an advertisement', () => {
    for (const name of ['visit evil.example', 'https://evil.example', 'you won, write to a@b.c', 'x'.repeat(80), null])
      expect(
        written({ template: 'verify_email', to: { address: to.address, name }, data: examples.verify_email }).text,
      ).toMatch(/^Hello,\n/);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', '/relative'])('is not written with the link %s', (bad) => {
    expect(() => written({ template: 'already_registered', to, data: { link: bad } })).toThrow(
      /link in a mail|Invalid URL/,
    );
  });
});
