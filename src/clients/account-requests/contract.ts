import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { AccountId, AccountRequestId, ClientId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { PlatformName } from '../accounts/contract.ts';

/** A client's wish for a trading account. */
export const AccountRequest = z
  .strictObject({
    id: AccountRequestId,
    clientId: ClientId,
    server: z.string().nullable(),
    currency: Currency,
    askedAt: InstantText,
    accountId: AccountId.nullable().meta({ description: 'The account that was opened for it; null while it waits' }),
  })
  .meta({ id: 'AccountRequest', description: 'A trading account that a client asked for.' });
export type AccountRequest = z.infer<typeof AccountRequest>;

const common = { on: 'tenant', tag: 'Clients', path: '/api/v1/account-requests' } as const;

export const askForAccount = operation({
  ...common,
  id: 'askForAccount',
  method: 'post',
  summary: 'Ask for a trading account of one’s own',
  description: 'The broker opens it on the platform; a client never says himself which login is his.',
  need: { action: 'ask', resource: 'accounts' },
  body: z
    .strictObject({ currency: Currency, server: PlatformName.nullable().default(null) })
    .meta({ id: 'NewAccountRequest', examples: [{ currency: 'USD' }] }),
  answers: { 201: AccountRequest },
  problems: ['identity.kyc_required', 'clients.client_unknown', 'clients.account_requests_open'],
});

export const listAccountRequests = operation({
  ...common,
  id: 'listAccountRequests',
  method: 'get',
  summary: 'List the trading accounts that clients asked for',
  need: { action: 'list', resource: 'accounts' },
  query: pageQuery(['-askedAt', 'askedAt'], {
    state: z.enum(['open', 'done']).optional().meta({ description: 'Only what waits, or only what was opened' }),
  }),
  answers: { 200: pageOf(AccountRequest) },
  problems: [],
});
