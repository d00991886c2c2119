import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MailCatcher, startMailCatcher } from '../../simulators/mail/index.ts';

describe('The mail catcher', () => {
  let catcher: MailCatcher;
  beforeAll(async () => {
    catcher = await startMailCatcher({ keptMax: 5 });
  });
  afterAll(() => catcher.close());

  const send = async (subject: string, html = '<p>Hello</p>'): Promise<void> => {
    const transport = createTransport(catcher.smtpUrl);
    await transport.sendMail({
      from: 'a@example.com',
      to: 'b@example.com',
      subject,
      text: 'Hello https://acme.example/x',
      html,
    });
    transport.close();
  };
  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
      request(`${catcher.pageUrl}${path}`, { headers }, (response) => {
        text(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          reject,
        );
      })
        .on('error', reject)
        .end();
    });

  it('takes a mail by SMTP and shows it on its page and as JSON', async () => {
    await send('Confirm <b>your</b> address');
    const mail = await catcher.next(({ subject }) => subject.startsWith('Confirm'));
    const list = JSON.parse((await get('/mails')).body) as { data: { id: string; subject: string }[] };
    expect(list.data[0]).toMatchObject({ id: mail.id, subject: 'Confirm <b>your</b> address' });
    expect(JSON.parse((await get(`/mails/${mail.id}`)).body)).toEqual(mail);
    const page = await get(`/?mail=${mail.id}`);
    expect(page.body).toContain('Confirm &lt;b&gt;your&lt;/b&gt; address');
    expect(page.body).toContain('href="https://acme.example/x"');
  });

  it('keeps the last few, and no more', async () => {
    for (let count = 0; count < 7; count += 1) await send(`Number ${count}`);
    expect(catcher.mails().map(({ subject }) => subject)).toEqual([6, 5, 4, 3, 2].map((count) => `Number ${count}`));
    expect((await get('/mails/1')).status).toBe(404);
  });

  it('shows a mail as a page that can do nothing', async () => {
    await send(
      'Script',
      '<script>parent.location="https://evil.example"</script><img src="https://evil.example/pixel">',
    );
    const [mail] = catcher.mails();
    const page = await get(`/?mail=${mail?.id}`);
    expect(page.body).not.toContain('parent.location');
    expect(page.body).toMatch(/<iframe [^>]*sandbox="allow-popups allow-popups-to-escape-sandbox"/);
    const body = await get(`/mails/${mail?.id}/html`);
    expect(body.headers['content-security-policy']).toMatch(
      /^sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';/,
    );
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it('answers only to the names of this machine, and changes nothing', async () => {
    expect((await get('/mails', { host: 'evil.example' })).status).toBe(421);
    const response = await fetch(`${catcher.pageUrl}/mails`, { method: 'DELETE' });
    expect(response.status).toBe(405);
  });
});
