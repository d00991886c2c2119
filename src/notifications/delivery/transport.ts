import { createTransport } from 'nodemailer';
import { oneLine } from '../templates/rules.ts';
import type { FailureKind, MailTransport } from './types.ts';

/** Where mails are handed over, and from which address; times in milliseconds. */
export type TransportSettings = {
  /** `smtp://` (with STARTTLS) or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly from: string;
  readonly connectMsMax: number;
  /** For one mail as a whole. */
  readonly deliverMsMax: number;
};

export const transportDefaults = { connectMsMax: 10_000, deliverMsMax: 60_000 };

const CONNECTIONS_MAX = 3;
const IDLE_CLOSE_MS = 30_000;

/** A delivery that failed; its message is a word and a code, never an address or what the server said about one. */
export class DeliveryFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'DeliveryFailure';
    this.kind = kind;
  }
}

const isLocal = (host: string): boolean => ['localhost', '127.0.0.1', '[::1]', '::1'].includes(host);

/**
 * Opens a pool of connections to a mail server, which connects when the first mail is sent. A connection that leaves this
 * machine is encrypted and its certificate checked, or nothing is sent.
 */
export function openTransport(settings: TransportSettings): MailTransport {
  const url = new URL(settings.url);
  const secure = url.protocol === 'smtps:';
  const transport = createTransport({
    pool: true,
    maxConnections: CONNECTIONS_MAX,
    maxRequeues: 0, // A mail whose connection broke may have been taken: the row decides whether to try again, and when.
    idleTimeout: IDLE_CLOSE_MS,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !secure && !isLocal(url.hostname),
    ignoreTLS: !secure && isLocal(url.hostname),
    tls: { minVersion: 'TLSv1.2' },
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: settings.connectMsMax,
    greetingTimeout: settings.connectMsMax,
    dnsTimeout: settings.connectMsMax,
    socketTimeout: settings.deliverMsMax,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    deliver: async ({ messageId, senderName, to, subject, text, html }) => {
      try {
        await transport.sendMail({
          messageId: `<${messageId}>`,
          from: { name: oneLine(senderName), address: settings.from },
          to: { name: oneLine(to.name ?? ''), address: to.address },
          subject,
          text,
          html,
          headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834: no holiday notices in return.
          signal: AbortSignal.timeout(settings.deliverMsMax),
        });
      } catch (error) {
        throw failureOf(error);
      }
    },
    close: () => transport.close({ force: true }),
  };
}

type SmtpError = {
  readonly code?: unknown;
  readonly command?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
};

/** Commands whose refusal is about one mail: its recipient or its content. Our own address (MAIL FROM) is the same in all. */
const commandsOfMail: readonly unknown[] = ['RCPT TO', 'DATA'];
/** RFC 5321, section 3.8: the server shuts down. */
const SHUTTING_DOWN = 421;

function failureOf(error: unknown): DeliveryFailure {
  const { code, command, responseCode, response } = (error instanceof Error ? error : {}) as SmtpError;
  const status = typeof responseCode === 'number' ? responseCode : undefined;
  const enhanced = typeof response === 'string' ? /\b[245]\.\d{1,3}\.\d{1,3}\b/.exec(response)?.[0] : undefined;
  const word = typeof code === 'string' && /^[A-Z_]{1,30}$/.test(code) ? code : 'failed';
  const reason = [word, status, enhanced].filter((part) => part !== undefined).join(' ');
  const isOfMail = status !== undefined && status !== SHUTTING_DOWN && commandsOfMail.includes(command);
  if (!isOfMail) return new DeliveryFailure('server', reason, error);
  return new DeliveryFailure(status >= 500 ? 'mail_never' : 'mail_later', reason, error);
}
