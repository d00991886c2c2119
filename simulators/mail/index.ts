import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { mailPages } from './http.ts';
import { type CaughtMail, MailStore } from './store.ts';

export type { CaughtMail } from './store.ts';

const HOST = '127.0.0.1'; // This machine alone: mails hold tokens.
const KEPT_MAX = 500;
const MAIL_BYTES_MAX = 1_048_576;

/** A mail server that keeps what it is sent. */
export type MailCatcher = {
  /** For CASCADE_SMTP_URL. */
  readonly smtpUrl: string;
  /** Where people read. */
  readonly pageUrl: string;
  readonly mails: () => CaughtMail[];
  /** The newest mail that matches, now or as soon as one arrives; rejects after `msMax` (5 s unless given). */
  readonly next: (matches: (mail: CaughtMail) => boolean, msMax?: number) => Promise<CaughtMail>;
  readonly close: () => Promise<void>;
};

/** Where it listens: free ports unless they are given. */
type CatcherOptions = {
  readonly smtpPort?: number;
  readonly pagePort?: number;
  readonly keptMax?: number;
  /** What it answers to a recipient instead of taking the mail: for tests of refusals. */
  readonly refuse?: (recipient: string) => { readonly code: number; readonly text: string } | undefined;
};

/**
 * Starts a real SMTP server and a page to read its mails, both on this machine alone. It takes every mail and forwards none,
 * and keeps the last 500.
 */
export async function startMailCatcher(options: CatcherOptions = {}): Promise<MailCatcher> {
  const store = new MailStore(options.keptMax ?? KEPT_MAX);
  const smtp = smtpServer(store, options.refuse);
  const smtpPort = await listening(smtp.server, (done) => smtp.listen(options.smtpPort ?? 0, HOST, done));
  const pages = mailPages(store);
  const pagePort = await listening(pages, (done) => pages.listen(options.pagePort ?? 0, HOST, done));
  return {
    smtpUrl: `smtp://${HOST}:${smtpPort}`,
    pageUrl: `http://${HOST}:${pagePort}`,
    mails: () => store.all(),
    next: (matches, msMax = 5_000) => store.next(matches, msMax),
    close: async () => {
      pages.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => smtp.close(() => resolve())),
        new Promise<void>((resolve) => pages.close(() => resolve())),
      ]);
    },
  };
}

/** Resolves with the port as soon as it listens. */
function listening(server: Server, listen: (done: () => void) => unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    listen(() => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function smtpServer(store: MailStore, refuse: CatcherOptions['refuse']): SMTPServer {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    size: MAIL_BYTES_MAX,
    socketTimeout: 60_000,
    closeTimeout: 500,
    onRcptTo: ({ address }, _session, done) => {
      const refusal = refuse?.(address);
      done(refusal && Object.assign(new Error(refusal.text), { responseCode: refusal.code }));
    },
    onData: (stream, session, done) => {
      receive(
        stream,
        session.envelope.rcptTo.map(({ address }) => address),
        store,
      ).then(() => done(), done);
    },
  });
  server.on('error', () => undefined); // A client that goes away in the middle is no news here.
  return server;
}

async function receive(
  stream: NodeJS.ReadableStream & AsyncIterable<Buffer>,
  to: string[],
  store: MailStore,
): Promise<void> {
  const raw = await text(stream);
  const parsed = await PostalMime.parse(raw);
  store.add({
    receivedAt: new Date().toISOString(),
    messageId: parsed.messageId ?? '',
    from: parsed.from === undefined ? '' : `${parsed.from.name ?? ''} <${parsed.from.address ?? ''}>`.trim(),
    to,
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html ?? '',
    headers: parsed.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
  });
}
