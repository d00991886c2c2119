import { clientWithin } from '../clients/index.ts';
import { ibNames } from '../ib/index.ts';
import { peopleOfParties } from '../identity/index.ts';
import { ClientId, IbId, type TenantId } from '../kernel/ids.ts';
import { formatAmount } from '../kernel/money.ts';
import type { FoundStatement, Letterhead, TellOfStatements } from '../payouts/index.ts';
import { reachesEverything } from '../platform/access.ts';
import type { SendMail } from '../platform/mail.ts';
import type { TenantTx } from '../platform/tenant-tx.ts';
import type { Tenancy } from '../tenancy/index.ts';

/** The names on the PDF of a statement. */
export const letterheads =
  ({ tenantOfId }: Pick<Tenancy, 'tenantOfId'>) =>
  async (tx: TenantTx, { party, beneficiary }: FoundStatement): Promise<Letterhead> => {
    const { name } = await tenantOfId(tx.tenantId);
    const recipient =
      party.kind === 'ib'
        ? (await ibNames(tx, [party.key])).get(party.key)
        : nameOf(await clientWithin(tx, reachesEverything, ClientId.parse(beneficiary)));
    return { issuer: name, recipient: recipient ?? '' };
  };

const nameOf = ({ name }: { readonly name: string }): string => name;

/** Tells the people of beneficiaries by mail that there are statements. */
export const statementMails =
  ({
    sendMail,
    siteOf,
  }: {
    readonly sendMail: SendMail;
    readonly siteOf: (tenantId: TenantId) => Promise<string>;
  }): TellOfStatements =>
  async (tx, statements) => {
    const of = new Map<string, FoundStatement[]>();
    for (const statement of statements)
      of.set(statement.beneficiary, [...(of.get(statement.beneficiary) ?? []), statement]);
    const ids = [...of.keys()];
    const people = await peopleOfParties(tx, {
      ibIds: ids.flatMap((id) => IbId.safeParse(id).data ?? []),
      clientIds: ids.flatMap((id) => ClientId.safeParse(id).data ?? []),
    });
    if (people.length === 0) return;
    const site = await siteOf(tx.tenantId);
    for (const { email, name, ibId, clientId } of people)
      for (const [id, area] of [
        [ibId, 'partner'],
        [clientId, 'portal'],
      ] as const)
        for (const { id: statementId, number, endsAt, currency, ...sums } of id === null ? [] : (of.get(id) ?? [])) {
          const total = sums.openingUnits + sums.earningUnits + sums.adjustmentUnits;
          const shown = (units: bigint): string => `${formatAmount({ units, currency })} ${currency}`;
          await sendMail(tx, {
            template: 'statement_issued',
            to: { address: email, name },
            data: {
              link: `${site}/${area}/statements/${statementId}`,
              number,
              at: endsAt,
              total: shown(total),
              payable: shown(sums.payableUnits),
            },
          });
        }
  };
