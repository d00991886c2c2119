import type { Command } from 'commander';
import { generateSync } from 'otplib';
import { DEMO_TOTP_SECRET } from '../../../seeds/logins.ts';
import { findUserByEmail, invite, resetFactors } from '../../identity/index.ts';
import { EmailText, NameOfPerson } from '../../kernel/contact.ts';
import type { RealmTx } from '../../platform/tenant-tx.ts';
import { sendMailOf } from '../mail.ts';
import { siteOf } from '../sites.ts';
import { isIb } from '../staff.ts';
import type { CliContext } from './context.ts';
import { cliProblem } from './errors.ts';
import { actor, inTenant, parsedBy, TENANT_OPTION } from './scope.ts';

type Inviting = { readonly email: string; readonly name: string };

/** `cascade users invite | reset-factors | demo-code`. */
export function registerUsers(program: Command, context: CliContext): void {
  const users = program.command('users').description('the people who sign in at a tenant');
  users
    .command('invite')
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--email <address>', 'to whom', parsedBy(EmailText))
    .requiredOption('--role <role>', 'as what: owner for the first one')
    .requiredOption('--name <name>', 'what he is called', parsedBy(NameOfPerson))
    .description('invites somebody, by mail and by the link that is printed: good once, for three days')
    .action(async ({ tenant, role, ...given }: Inviting & { tenant: string; role: string }) => {
      const invited = await inTenant(context, tenant, (tx) => inviteBy(context, tx, { ...given, role }, tenant));
      context.out.result(invited, textOf);
    });
  users
    .command('reset-factors')
    .requiredOption(...TENANT_OPTION)
    .requiredOption('--email <address>', 'whose', parsedBy(EmailText))
    .description('takes away the second factors of somebody who lost them, an owner too; his sessions end')
    .action(async ({ tenant, email }: { tenant: string; email: string }) => {
      await inTenant(context, tenant, (tx) => resetBy(context, tx, email, tenant));
      context.out.result({ email }, resetText);
    });
  users
    .command('demo-code')
    .description('the code of the authenticator app that the demo people have, at this moment')
    .action(() => {
      context.out.result({ code: generateSync({ secret: DEMO_TOTP_SECRET }) }, ({ code }) => code);
    });
}

/** `cascade operators invite | reset-factors`. */
export function registerOperators(program: Command, context: CliContext): void {
  const operators = program.command('operators').description('the people who run the installation');
  operators
    .command('reset-factors')
    .requiredOption('--email <address>', 'whose', parsedBy(EmailText))
    .description('takes away the second factors of an operator who lost them; his sessions end')
    .action(async ({ email }: { email: string }) => {
      const { withControl } = await context.openTenancy();
      await withControl((tx) => resetBy(context, tx, email, undefined), byHand());
      context.out.result({ email }, resetText);
    });
  operators
    .command('invite')
    .requiredOption('--email <address>', 'to whom', parsedBy(EmailText))
    .requiredOption('--name <name>', 'what he is called', parsedBy(NameOfPerson))
    .description('invites an operator, by mail and by the link that is printed: good once, for three days')
    .action(async (given: Inviting) => {
      const { withControl } = await context.openTenancy();
      const invited = await withControl(
        (tx) => inviteBy(context, tx, { ...given, role: 'operator' }, undefined),
        byHand(),
      );
      context.out.result(invited, textOf);
    });
}

async function inviteBy(
  context: CliContext,
  tx: RealmTx,
  { email, name, role }: Inviting & { readonly role: string },
  slug: string | undefined,
) {
  const config = context.config();
  const site = siteOf(config, slug);
  // The installation itself invites, which has every right; how many may work there is no bound for the first of them.
  const deps = { sendMail: sendMailOf(config), isIb, refuseMore: () => Promise.resolve() };
  const { invitation, link, token } = await invite(deps, tx, { userId: null }, { email, name, roles: [role] }, site);
  return { id: invitation.id, email, role, expiresAt: invitation.expiresAt.toISOString(), link, token };
}

/** The installation itself may reset everybody's: nobody else is left to let the last owner in again. */
async function resetBy(context: CliContext, tx: RealmTx, email: string, slug: string | undefined): Promise<void> {
  const user = await findUserByEmail(tx, email);
  if (user === undefined) throw cliProblem('cli.user_unknown', { detail: email });
  const site = new URL(siteOf(context.config(), slug));
  const deps = { sendMail: sendMailOf(context.config()), forget: () => undefined }; // Running processes notice within seconds.
  await resetFactors(
    deps,
    tx,
    { userId: null },
    { userId: user.id, site: { host: site.host, isSecure: site.protocol === 'https:' } },
  );
}

const resetText = ({ email }: { readonly email: string }): string =>
  `${email} has no second factor any more and sets one up at the next sign-in`;

const byHand = () => ({ actor: actor(), causation: 'cli' });

const textOf = (invited: Awaited<ReturnType<typeof inviteBy>>): string =>
  [
    `${invited.email} is invited as ${invited.role} until ${invited.expiresAt}`,
    `link   ${invited.link}`,
    `token  ${invited.token}   (POST /api/v1/auth/invitations/accept with a password)`,
  ].join('\n');
