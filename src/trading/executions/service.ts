import { accountsOf } from '../../clients/index.ts';
import { type Currency, ledgerExponent } from '../../kernel/currency.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { dealOf } from '../deals/reading.ts';
import type { Deal } from '../types.ts';
import * as queries from './queries.ts';
import { opensByHandOf } from '../opens/store.ts';
import type { OpenByHand } from '../opens/types.ts';
import { reasonNameOf } from '../opens/rules.ts';
import { chargedOf, chargedOnLeg } from './rules.ts';
import type { CountedVolume, Execution } from './types.ts';

const BUY = 0;

/** A deal, and what of it is looked at: its symbol, the version that says what it is (as it is by now unless given), what counts. */
type Asked = {
  readonly dealKey: bigint;
  readonly symbolKey: number;
  readonly factsKey?: bigint;
  readonly counts?: CountedVolume;
};

/**
 * How these deals were carried out, by deal key, as far as it is known now. One statement, and one for the currencies
 * of the accounts. A deal whose account is not known has no entry. Where opens count, each leg is charged with its own alone.
 */
export async function executionsOf(tx: TenantTx, trades: readonly Asked[]): Promise<Map<bigint, Execution>> {
  const executions = new Map<bigint, Execution>();
  if (trades.length === 0) return executions;
  const rows = await queries.executionsOf(tx, {
    dealKeys: trades.map(({ dealKey }) => dealKey),
    symbolKeys: trades.map(({ symbolKey }) => symbolKey),
    factsKeys: trades.map(({ factsKey }) => factsKey ?? null),
  });
  const currencies = await currenciesOf(tx, rows);
  const byHand = await opensByHandOf(
    tx,
    rows.filter(({ openRaw }) => openRaw === null).map(({ dealKey }) => dealKey),
  );
  const counts = new Map(trades.map((trade) => [trade.dealKey, trade.counts]));
  for (const row of rows) {
    const depositCurrency = currencies.get(`${row.login}@${row.server}`);
    const closing = dealOf(row.raw);
    if (depositCurrency !== undefined && closing !== undefined)
      executions.set(
        row.dealKey,
        executionOf(row, closing, depositCurrency, {
          counts: counts.get(row.dealKey) ?? 'close',
          byHand: byHand.get(row.dealKey),
        }),
      );
  }
  return executions;
}

type Row = Awaited<ReturnType<typeof queries.executionsOf>>[number];

function executionOf(
  row: Row,
  closing: Deal,
  depositCurrency: Currency,
  { counts, byHand }: { readonly counts: CountedVolume; readonly byHand: OpenByHand | undefined },
): Execution {
  const opens = closing.closedVolume === 0n;
  const open = opens ? closing : row.openRaw === null ? undefined : dealOf(row.openRaw);
  const openPrice = closing.priceOpen ?? open?.price ?? byHand?.price ?? undefined;
  return {
    contractSize: isSize(closing.contractSize) ? closing.contractSize : row.contractSize,
    pipSize: row.pipSize,
    digits: row.digits,
    baseCurrency: row.baseCurrency ?? undefined,
    profitCurrency: row.profitCurrency,
    depositCurrency,
    side: (closing.action === BUY) === opens ? 'buy' : 'sell',
    openPrice: opens ? closing.price : openPrice,
    closePrice: closing.price,
    openReason: reasonNameOf(open?.reason ?? byHand?.openReason ?? undefined),
    openBid: told(open?.marketBid),
    openAsk: told(open?.marketAsk),
    closeBid: told(closing.marketBid),
    closeAsk: told(closing.marketAsk),
    profit: closing.profit,
    rateProfit: closing.rateProfit,
    charged:
      counts === 'close'
        ? chargeOf(row, closing, depositCurrency)
        : chargedOnLeg(closing, counts, ledgerExponent(depositCurrency)),
  };
}

/** A quote of 0 is one that the server does not have. */
const told = (quote: string | undefined): string | undefined => (quote === '0' ? undefined : quote);

const isSize = (text: string | undefined): text is string =>
  text !== undefined && text !== '0' && !text.startsWith('-');

function chargeOf({ before }: Row, closing: Deal, depositCurrency: Currency): string | undefined {
  const legs = (before ?? []).map(dealOf);
  if (legs.length > queries.LEGS_MAX) return undefined;
  const known = legs.filter((leg) => leg !== undefined);
  return known.length < legs.length ? undefined : chargedOf(closing, known, ledgerExponent(depositCurrency));
}

async function currenciesOf(tx: TenantTx, rows: readonly Row[]): Promise<ReadonlyMap<string, Currency>> {
  const logins = new Map<string, Set<bigint>>();
  for (const { server, login } of rows)
    if (login !== null) logins.set(server, (logins.get(server) ?? new Set<bigint>()).add(login));
  const currencies = new Map<string, Currency>();
  for (const [server, asked] of logins)
    for (const { login, currency } of await accountsOf(tx, server, [...asked]))
      currencies.set(`${login}@${server}`, currency);
  return currencies;
}
