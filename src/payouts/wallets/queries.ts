import { z } from 'zod';
import { Currency } from '../../kernel/currency.ts';
import { query } from '../../platform/query.ts';

export const walletChoice = query(
  'payouts.wallet_choice',
  z.object({ currency: Currency }),
  `select currency from payouts.wallet_choices where ib_key = :ibKey`,
);

export const putWalletChoice = query(
  'payouts.put_wallet_choice',
  z.object({}),
  `
  insert into payouts.wallet_choices (ib_key, currency, chosen_by) values (:ibKey, :currency, :chosenBy)
  on conflict (ib_key) do update
     set currency = excluded.currency, chosen_by = excluded.chosen_by, chosen_at = date_trunc('milliseconds', clock_timestamp())`,
);

export const removeWalletChoice = query(
  'payouts.remove_wallet_choice',
  z.object({}),
  `delete from payouts.wallet_choices where ib_key = :ibKey`,
);
