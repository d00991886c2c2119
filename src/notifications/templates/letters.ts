import type { DisputeNews, FactorChange, Mail, MailData, MailTemplate } from '../../platform/mail.ts';
import type { WrittenMail } from '../types.ts';
import { instantText, layOut, oneLine } from './rules.ts';
import type { Letter } from './types.ts';

const MINUTES_PER_HOUR = 60;

const duration = (minutes: number): string => {
  const [count, word] =
    minutes % MINUTES_PER_HOUR === 0 && minutes > MINUTES_PER_HOUR
      ? [minutes / MINUTES_PER_HOUR, 'hour']
      : [minutes, 'minute'];
  return `${count} ${word}${count === 1 ? '' : 's'}`;
};

const goodFor = (minutes: number): string => `The link and the code work once, for ${duration(minutes)}.`;
const NOT_YOU = 'If it was not you, set a new password at once, and tell us.';

const changes: Readonly<Record<FactorChange, string>> = {
  totp_added: 'An authenticator app was added to your account.',
  totp_removed: 'An authenticator app was removed from your account.',
  passkey_added: 'A passkey was added to your account.',
  passkey_removed: 'A passkey was removed from your account.',
  recovery_codes_made: 'New recovery codes were made for your account; the old ones no longer work.',
  recovery_code_used: 'A recovery code was used to sign in to your account; it does not work again.',
  reset: 'The second factors of your account were removed, so that you can set up new ones at your next sign-in.',
};

const revocations: Readonly<Record<MailData['sessions_revoked']['reason'], string>> = {
  reuse:
    'An old key of one of your sessions was used again, as somebody would who had stolen it. We have ended that session.',
  password: 'Your password was changed, so we have ended your other sessions.',
  suspended: 'Your access was suspended, and all your sessions were ended.',
  asked: 'Your sessions were ended, as was asked for.',
};

const disputes: Readonly<Record<DisputeNews, string>> = {
  opened: 'An introducing broker disputes a line of its earnings.',
  replied: 'The introducing broker has written to a dispute.',
  withdrawn: 'The introducing broker has taken its dispute back.',
  answered: 'Your dispute was answered.',
  accepted: 'Your dispute was accepted.',
  rejected: 'Your dispute was rejected.',
};

type Write<Template extends MailTemplate> = (data: MailData[Template], sender: string) => Letter;

const letters: { readonly [Template in MailTemplate]: Write<Template> } = {
  verify_email: ({ link, token, validMinutes }, sender) => ({
    subject: `Confirm your e-mail address for ${sender}`,
    paragraphs: [`Somebody, most likely you, has registered at ${sender} with this address. Confirm that it is yours.`],
    button: { label: 'Confirm this address', link },
    token,
    closing: [goodFor(validMinutes), 'If it was not you, do nothing: without this step nobody can sign in with it.'],
  }),
  already_registered: ({ link }, sender) => ({
    subject: `You have an account at ${sender} already`,
    paragraphs: [
      `Somebody, most likely you, has tried to register at ${sender} with this address. It has an account already, so nothing was changed.`,
    ],
    button: { label: 'Sign in', link },
    closing: ['If you have forgotten your password, you can have it reset there. If it was not you, do nothing.'],
  }),
  reset_password: ({ link, token, validMinutes }, sender) => ({
    subject: `Set a new password for ${sender}`,
    paragraphs: [`Somebody, most likely you, has asked for a new password for your account at ${sender}.`],
    button: { label: 'Set a new password', link },
    token,
    closing: [goodFor(validMinutes), 'If it was not you, do nothing: your password stays as it is.'],
  }),
  password_changed: ({ link, at }, sender) => ({
    subject: `Your password for ${sender} was changed`,
    paragraphs: [`The password of your account at ${sender} was changed on ${instantText(at)}.`],
    button: { label: 'This was not me: set a new password', link },
    closing: ['If it was you, there is nothing to do.'],
  }),
  sessions_revoked: ({ link, reason, at }, sender) => ({
    subject: `You were signed out of ${sender}`,
    paragraphs: [revocations[reason], `That was on ${instantText(at)}.`],
    button: { label: 'Sign in again', link },
    closing: reason === 'reuse' ? [NOT_YOU] : [],
  }),
  invitation: ({ link, token, validMinutes, invitedBy }, sender) => ({
    subject: `You are invited to ${sender}`,
    paragraphs: [
      `${invitedBy === null ? 'You are' : `${oneLine(invitedBy)} has`} invited${invitedBy === null ? '' : ' you'} to work with ${sender}. Choose a password to begin.`,
    ],
    button: { label: 'Accept the invitation', link },
    token,
    closing: [goodFor(validMinutes), 'If you do not know why you got this, do nothing.'],
  }),
  factor_changed: ({ link, change, at }, sender) => ({
    subject: `How you sign in to ${sender} was changed`,
    paragraphs: [changes[change], `That was on ${instantText(at)}.`],
    button: { label: 'Look at your account', link },
    closing: [NOT_YOU],
  }),
  new_device: ({ link, device, address, at }, sender) => ({
    subject: `A new device has signed in to ${sender}`,
    paragraphs: [
      `Your account was signed in to on ${instantText(at)} from ${oneLine(device)}, at ${oneLine(address)}.`,
    ],
    button: { label: 'Look at your sessions', link },
    closing: ['If it was you, there is nothing to do.', NOT_YOU],
  }),
  statement_issued: ({ link, number, at, total, payable }, sender) => ({
    subject: `Your statement ${number} from ${sender}`,
    paragraphs: [
      `Statement ${number} is there, for the period up to ${instantText(at)}. Its total is ${oneLine(total)}; ${oneLine(payable)} of it will be paid out.`,
    ],
    button: { label: 'Look at the statement', link },
    closing: ['It lists every trade behind it. What is not paid out is carried over to the next one.'],
  }),
  earnings_corrected: ({ link, what, reason, trades, change }, sender) => ({
    subject: `Your earnings at ${sender} were corrected`,
    paragraphs: [
      what === 'rerun'
        ? `What ${trades} of the trades behind your earnings came to was computed once more, and came to something else.`
        : `A deposit of a client was charged back, and what ${trades} trades since then had earned was taken back.`,
      `For you that is ${oneLine(change)} in all. Your next statement has it, trade by trade.`,
      `The reason given: ${oneLine(reason)}`,
    ],
    button: { label: 'Look at your earnings', link },
    closing: ['The explanation of each trade tells what was before, and what is now.'],
  }),
  dispute_changed: ({ link, what, disputeId, reason, amount }, sender) => ({
    subject: `${oneLine(disputes[what])} (${sender})`,
    paragraphs: [
      disputes[what],
      `It is the dispute ${disputeId}.`,
      ...(amount === null ? [] : [`Granted were ${oneLine(amount)}; your next statement has them.`]),
      ...(reason === null ? [] : [`The reason given: ${oneLine(reason)}`]),
    ],
    button: { label: 'Look at the dispute', link },
    closing: [],
  }),
};

/** Writes a mail in a sender's name: the tenant's, or the installation's. */
export function writeMail(mail: Mail, sender: string): WrittenMail {
  const write = letters[mail.template] as Write<MailTemplate>;
  const from = oneLine(sender);
  return layOut(write(mail.data, from), from, mail.to.name);
}
