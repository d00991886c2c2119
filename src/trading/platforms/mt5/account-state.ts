import { z } from 'zod';
import type { AccountSnapshot } from '../../account-states/types.ts';
import type { RawDeal } from '../../types.ts';
import { decimalOf, keyOf, needed } from './fields.ts';
import { fieldRefusalOf, timeOf, translated, type Translated } from './translate.ts';

const numeric = z.union([z.string().max(80), z.number()]);

/**
 * What an account stood at, in the field names of the MT5 Manager and Web API (`IMTAccount`), with the instant at which the bridge read
 * it: Time in seconds or TimeMsc in milliseconds of the server's clock. Unknown fields are passed over.
 */
const Mt5AccountWire = z.object({
  Login: numeric,
  Equity: numeric,
  Credit: numeric,
  Balance: numeric.nullish(),
  Time: numeric.nullish(),
  TimeMsc: numeric.nullish(),
});

/** The state of an account as the server tells it, as the noun. Never throws: what is wrong with a field has its code. */
export function translateAccountState(raw: RawDeal): Translated<AccountSnapshot> {
  const wire = Mt5AccountWire.safeParse(raw);
  if (!wire.success) return fieldRefusalOf(wire.error, raw);
  return translated(() => ({
    login: needed('Login', keyOf('Login', wire.data.Login)),
    equity: needed('Equity', decimalOf('Equity', wire.data.Equity)),
    credit: needed('Credit', decimalOf('Credit', wire.data.Credit)),
    balance: decimalOf('Balance', wire.data.Balance),
    serverTimeMs: timeOf(wire.data).serverTimeMs,
  }));
}
