import type { TellOfCorrections } from '../commissions/index.ts';
import { peopleOfParties } from '../identity/index.ts';
import type { TenantId } from '../kernel/ids.ts';
import { formatAmount } from '../kernel/money.ts';
import type { SendMail } from '../platform/mail.ts';

/** Tells the people of introducing brokers by mail what a correction changed for them, and why. */
export const correctionMails =
  ({
    sendMail,
    siteOf,
  }: {
    readonly sendMail: SendMail;
    readonly siteOf: (tenantId: TenantId) => Promise<string>;
  }): TellOfCorrections =>
  async (tx, notices) => {
    const people = await peopleOfParties(tx, { ibIds: notices.map(({ ibId }) => ibId), clientIds: [] });
    if (people.length === 0) return;
    const site = await siteOf(tx.tenantId);
    for (const { email, name, ibId } of people)
      for (const { cause, reason, trades, units, currency } of notices.filter((notice) => notice.ibId === ibId))
        await sendMail(tx, {
          template: 'earnings_corrected',
          to: { address: email, name },
          data: {
            link: `${site}/partner/earnings`,
            what: cause,
            reason,
            trades,
            change: `${formatAmount({ units, currency })} ${currency}`,
          },
        });
  };
