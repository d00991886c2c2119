import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { ClientId, IbId, LedgerAccountId } from '../../kernel/ids.ts';
import { MoneyJson } from '../../kernel/money.ts';
import { InstantIn, InstantText, operation, pageOf, pageQuery } from '../../kernel/operation.ts';
import { accountClasses, ownerKinds, purposes, sides, transferKinds } from '../types.ts';

const path = '/api/v1/ledger';
const form = { on: 'tenant', tag: 'Ledger' } as const;
const accountParams = z.strictObject({ accountId: LedgerAccountId });

/** As of when the books are asked; the present unless given. */
const AsOf = InstantIn.optional().meta({ description: 'What was posted up to this instant, the instant included.' });

const LedgerPurpose = z.enum(purposes).meta({ id: 'LedgerPurpose', description: 'What an account is for.' });

const LedgerOwner = z
  .strictObject({
    kind: z.enum(ownerKinds),
    id: z.union([IbId, ClientId]).nullable(),
  })
  .meta({ id: 'LedgerOwner', description: 'Whom an account belongs to; the house and gateways have no id.' });

export const LedgerAccount = z
  .strictObject({
    id: LedgerAccountId,
    purpose: LedgerPurpose,
    class: z.enum(accountClasses),
    owner: LedgerOwner,
    currency: Currency,
    normalSide: z.enum(sides),
    balance: MoneyJson.meta({ description: 'What is posted, on the normal side.' }),
    held: MoneyJson.nullable().meta({
      description: 'Promised to transfers that are not made yet; null as of a past instant.',
    }),
    free: MoneyJson.nullable().meta({ description: 'The balance without what is held; null as of a past instant.' }),
    transfers: z.int().meta({ description: 'How many transfers have touched the account.' }),
  })
  .meta({ id: 'LedgerAccount', description: 'An account of the books.' });

const LedgerEntry = z
  .strictObject({
    version: z.int().meta({ description: 'The number of the entry on its account: 1, 2, 3 …' }),
    side: z.enum(sides),
    kind: z.enum(transferKinds),
    amount: MoneyJson,
    balanceAfter: MoneyJson,
    counterAccountId: LedgerAccountId.nullable().meta({
      description: 'The other account of the transfer; null for callers who do not reach it.',
    }),
    reference: z.string(),
    leg: z.int(),
    postedAt: InstantText,
    effectiveAt: InstantText,
  })
  .meta({ id: 'LedgerEntry', description: 'A transfer as one of its two accounts sees it.' });

const TrialBalanceLine = z.strictObject({
  purpose: LedgerPurpose,
  class: z.enum(accountClasses),
  currency: Currency,
  debits: MoneyJson,
  credits: MoneyJson,
  net: MoneyJson.meta({ description: 'Debits minus credits.' }),
});

const TrialBalance = z
  .strictObject({
    asOf: InstantText.nullable(),
    lines: z.array(TrialBalanceLine),
    totals: z.array(z.strictObject({ currency: Currency, net: MoneyJson.meta({ description: 'Always 0.' }) })),
  })
  .meta({ id: 'TrialBalance', description: 'Debits and credits of all accounts, by purpose and currency.' });

export const listLedgerAccounts = operation({
  ...form,
  id: 'listLedgerAccounts',
  method: 'get',
  path: `${path}/accounts`,
  summary: 'Lists ledger accounts with their balances',
  description: 'In the order in which they were opened. IBs and clients see their own.',
  need: { action: 'list', resource: 'ledger' },
  query: pageQuery(['opened', '-opened'], {
    purpose: LedgerPurpose.optional(),
    currency: Currency.optional(),
    owner: z.union([IbId, ClientId]).optional(),
    asOf: AsOf,
  }),
  answers: { 200: pageOf(LedgerAccount) },
  problems: ['platform.cursor_invalid'],
});

export const readLedgerAccount = operation({
  ...form,
  id: 'readLedgerAccount',
  method: 'get',
  path: `${path}/accounts/{accountId}`,
  summary: 'Shows a ledger account',
  need: { action: 'read', resource: 'ledger' },
  params: accountParams,
  query: z.strictObject({ asOf: AsOf }),
  answers: { 200: LedgerAccount },
  problems: ['ledger.account_unknown'],
});

export const listLedgerEntries = operation({
  ...form,
  id: 'listLedgerEntries',
  method: 'get',
  path: `${path}/accounts/{accountId}/entries`,
  summary: 'Lists the transfers of a ledger account, newest first',
  need: { action: 'read', resource: 'ledger' },
  params: accountParams,
  query: pageQuery(['-version'], { asOf: AsOf }),
  answers: { 200: pageOf(LedgerEntry) },
  problems: ['ledger.account_unknown', 'platform.cursor_invalid'],
});

export const readTrialBalance = operation({
  ...form,
  id: 'readTrialBalance',
  method: 'get',
  path: `${path}/trial-balance`,
  summary: 'Shows the trial balance',
  description: 'Holds are not in it. The net of all lines of a currency is 0.',
  need: { action: 'balance', resource: 'ledger' },
  query: z.strictObject({ asOf: AsOf }),
  answers: { 200: TrialBalance },
  problems: [],
});
