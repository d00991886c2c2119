import { cursorAt, keyOfCursor, type Page } from '../../platform/paging.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { namesOfRows } from '../../trading/index.ts';
import { versionNames } from '../plans/queries.ts';
import * as queries from './queries.ts';

const SORT = '-deal';

/** A trade that fell into a hole of the set-up. */
export type FoundException = Awaited<ReturnType<typeof queries.tradesUnpaidFor>>[number] & {
  readonly symbol: string;
  readonly symbolGroup: string;
  readonly accountGroup: string;
  readonly plan: { readonly name: string; readonly version: number } | null;
};

/** A page of the trades that pay nothing for one of these reasons, the newest deals first. */
export async function listExceptions(
  tx: TenantTx,
  { reasons, limit, cursor }: { reasons: readonly string[]; limit: number; cursor?: string | undefined },
): Promise<Page<FoundException>> {
  const before = cursor === undefined ? null : keyOfCursor(cursor, SORT);
  const rows = await queries.tradesUnpaidFor(tx, { reasons, before, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const nameOf = await namesOfRows(tx, shown);
  const versionKeys = [...new Set(shown.flatMap(({ planVersionKey }) => planVersionKey ?? []))];
  const versions = new Map((await versionNames(tx, { versionKeys })).map((version) => [version.key, version]));
  const found = shown.map((row): FoundException => {
    const symbol = nameOf('symbol', row.symbolKey);
    const version = row.planVersionKey === null ? undefined : versions.get(row.planVersionKey);
    return {
      ...row,
      symbol: symbol.name,
      symbolGroup: symbol.value,
      accountGroup: nameOf('group', row.groupKey).name,
      plan: version === undefined ? null : { name: version.plan, version: version.number },
    };
  });
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return { rows: found, nextCursor: last === undefined ? null : cursorAt(SORT, String(last.dealKey), '') };
}
