import { startMailCatcher } from '../../simulators/mail/index.ts';
import type { Role } from './roles.ts';

/** Catches mails on this machine, for `npm start` without a mail server. */
export async function startCaughtMail(): Promise<Role & { readonly smtpUrl: string; readonly pageUrl: string }> {
  const { smtpUrl, pageUrl, close } = await startMailCatcher();
  return { name: 'mail catcher', smtpUrl, pageUrl, stop: close };
}
