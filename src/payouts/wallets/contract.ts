import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { IbId } from '../../kernel/ids.ts';
import { operation } from '../../kernel/operation.ts';

const form = { on: 'tenant', tag: 'Payouts' } as const;

const WalletChoice = z
  .strictObject({
    ibId: IbId,
    currency: Currency.nullable().meta({ description: 'Null: each statement is paid in its own currency.' }),
  })
  .meta({ id: 'WalletChoice', description: 'In which currency an introducing broker is paid.' });

export const readWalletChoice = operation({
  ...form,
  id: 'readWalletChoice',
  method: 'get',
  path: '/api/v1/ibs/{ibId}/wallet-currency',
  summary: 'Shows in which currency an introducing broker is paid',
  need: { action: 'read', resource: 'wallets' },
  params: z.strictObject({ ibId: IbId }),
  answers: { 200: WalletChoice },
  problems: ['payouts.beneficiary_unknown'],
});

export const chooseWallet = operation({
  ...form,
  id: 'chooseWallet',
  method: 'put',
  path: '/api/v1/ibs/{ibId}/wallet-currency',
  summary: 'Chooses in which currency an introducing broker is paid',
  description:
    'Counts for runs that are drafted from then on. What a run pays in another currency than that of the statement is ' +
    'converted by the latest published rates at the moment at which the run is agreed to; these are kept and shown.',
  need: { action: 'choose', resource: 'wallets' },
  params: z.strictObject({ ibId: IbId }),
  body: z.strictObject({ currency: Currency.nullable() }),
  answers: { 200: WalletChoice },
  problems: ['payouts.beneficiary_unknown'],
});
