import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { AccountId, AccountRequestId, ClientId } from '../../kernel/ids.ts';
import { InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';

/** A name as a platform gives it: of a server, of a group. */
export const PlatformName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'is no name that a platform gives');

/** The number of an account on its server, as text: it may have more digits than a JSON number carries. */
const Login = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, 'is no number of an account')
  .meta({ id: 'Login', description: 'The number of a trading account on its server.', examples: ['900101'] });

/** A trading account as people see it. */
export const TradingAccount = z
  .strictObject({
    id: AccountId,
    clientId: ClientId,
    server: z.string(),
    login: Login,
    group: z.string(),
    currency: Currency,
    openedAt: InstantText,
  })
  .meta({ id: 'TradingAccount', description: 'A trading account of a client on a platform server.' });
export type TradingAccount = z.infer<typeof TradingAccount>;

const common = { on: 'tenant', tag: 'Clients' } as const;

export const listTradingAccounts = operation({
  ...common,
  id: 'listAccounts',
  method: 'get',
  path: '/api/v1/accounts',
  summary: 'List trading accounts',
  need: { action: 'list', resource: 'accounts' },
  query: pageQuery(['-openedAt', 'openedAt', 'login', '-login'], {
    clientId: ClientId.optional(),
    server: PlatformName.optional(),
    login: Login.optional(),
  }),
  answers: { 200: pageOf(TradingAccount) },
  problems: [],
});

export const openAccount = operation({
  ...common,
  id: 'openAccount',
  method: 'post',
  path: '/api/v1/accounts',
  summary: 'Register a trading account of a client',
  description: 'The account is there on the platform already. Deals of it that were parked go on by themselves.',
  need: { action: 'create', resource: 'accounts' },
  body: z
    .strictObject({
      clientId: ClientId,
      server: PlatformName,
      login: Login,
      group: PlatformName,
      currency: Currency,
      requestId: AccountRequestId.optional().meta({ description: 'What the client asked for, if this is it' }),
    })
    .meta({
      id: 'NewTradingAccount',
      examples: [
        {
          clientId: 'cli_01J9Z3K4M5N6P7Q8R9S0T1V2W3',
          server: 'Acme-Live',
          login: '900101',
          group: 'real\\standard',
          currency: 'USD',
        },
      ],
    }),
  answers: { 201: TradingAccount },
  problems: ['clients.client_unknown', 'clients.account_exists', 'clients.account_request_unknown'],
});

export const readAccount = operation({
  ...common,
  id: 'readAccount',
  method: 'get',
  path: '/api/v1/accounts/{accountId}',
  summary: 'Read a trading account',
  need: { action: 'read', resource: 'accounts' },
  params: z.strictObject({ accountId: AccountId }),
  answers: { 200: TradingAccount },
  problems: ['clients.account_unknown'],
});
