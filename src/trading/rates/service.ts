import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import * as queries from './queries.ts';
import { pathOf } from './rules.ts';
import type { Wish, Conversion, Quotation, RatesImported, StoredRate } from './types.ts';

const ROWS_MAX = 10_000;

/** Stores quotations as published; those that are stored already change nothing. */
export async function importRates(tx: TenantTx, quotations: readonly Quotation[]): Promise<RatesImported> {
  const sum = { added: 0, known: 0, different: 0 };
  for (let from = 0; from < quotations.length; from += ROWS_MAX) {
    const rows = quotations.slice(from, from + ROWS_MAX);
    const { added, known, different } = onlyRow(
      await queries.insertRates(tx, {
        bases: rows.map(({ base }) => base),
        quotes: rows.map(({ quote }) => quote),
        rates: rows.map(({ rate }) => rate),
        sources: rows.map(({ source }) => source),
        ats: rows.map(({ at }) => at),
      }),
    );
    sum.added += added;
    sum.known += known;
    sum.different += different;
  }
  emit(tx, { stream: 'rates', type: 'trading.rates_imported', schemaVersion: 1, payload: sum });
  return sum;
}

/** For each wish the way from one currency to the other by the latest rates at its instant; undefined where there is none. */
export async function conversionsOf(tx: TenantTx, asked: readonly Wish[]): Promise<(Conversion | undefined)[]> {
  if (asked.length === 0) return [];
  const byWish = new Map<number, StoredRate[]>();
  const rows = await queries.ratesFor(tx, {
    froms: asked.map(({ from }) => from),
    tos: asked.map(({ to }) => to),
    ats: asked.map(({ at }) => at),
  });
  for (const { place, ...rate } of rows) {
    const wish = Number(place) - 1;
    const known = byWish.get(wish);
    if (known === undefined) byWish.set(wish, [rate]);
    else known.push(rate);
  }
  return asked.map(({ from, to, at }, wish): Conversion | undefined => {
    const path = pathOf(from, to, byWish.get(wish) ?? []);
    if (path === undefined) return undefined;
    return {
      from,
      to,
      rows: path.map(({ key, at: since, ...rate }) => ({
        ...rate,
        key: String(key),
        at: since.toISOString(),
        ageMs: at.getTime() - since.getTime(),
      })),
    };
  });
}
