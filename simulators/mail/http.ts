import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { renderBody, renderPage } from './page.ts';
import type { CaughtMail, MailStore } from './store.ts';

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';

/** The page has no script and loads nothing from elsewhere; it may frame the mails that it serves itself. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A mail is a stranger's page: an origin of its own, no script, no picture from elsewhere; its links open in a new window. */
const MAIL_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'";

type Answer = { readonly status: number; readonly type: string; readonly body: string; readonly policy: string };

const page = (body: string, policy = PAGE_POLICY): Answer => ({ status: 200, type: HTML, body, policy });
const json = (status: number, value: unknown): Answer => ({
  status,
  type: JSON_TYPE,
  body: JSON.stringify(value),
  policy: "default-src 'none'",
});

const summaryOf = ({ id, receivedAt, messageId, from, to, subject }: CaughtMail) => ({
  id,
  receivedAt,
  messageId,
  from,
  to,
  subject,
});

function answerOf(store: MailStore, url: URL): Answer {
  if (url.pathname === '/') {
    const chosen = url.searchParams.get('mail');
    return page(renderPage(store.all(), chosen === null ? undefined : store.find(chosen)));
  }
  if (url.pathname === '/mails') return json(200, { data: store.all().map(summaryOf) });
  const [, id = '', part] = /^\/mails\/(\d{1,12})(\/html)?$/.exec(url.pathname) ?? [];
  const mail = store.find(id);
  if (mail === undefined) return json(404, { title: 'No such mail' });
  return part === undefined ? json(200, mail) : page(renderBody(mail), MAIL_POLICY);
}

/** A page of another site must not read the mails by a name that it has pointed at this machine. */
const isOurHost = (request: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/.test(request.headers.host ?? '');

function answer(store: MailStore, request: IncomingMessage, response: ServerResponse): void {
  const { status, type, body, policy } =
    request.method === 'GET' && isOurHost(request)
      ? answerOf(store, new URL(request.url ?? '/', 'http://localhost'))
      : json(request.method === 'GET' ? 421 : 405, { title: 'Only GET, and only under the name of this machine' });
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

/** The catcher's page and its JSON: `GET /mails`, `GET /mails/{id}`. Reads only. */
export const mailPages = (store: MailStore): Server =>
  createServer({ requestTimeout: 5_000 }, (request, response) => {
    try {
      answer(store, request, response);
    } catch {
      response.writeHead(400).end(); // An address that is none.
    }
  });
