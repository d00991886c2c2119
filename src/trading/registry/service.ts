import { isDecimal } from '../../kernel/decimal.ts';
import { sqlStateOf } from '../../platform/database.ts';
import { emit } from '../../platform/events/index.ts';
import { onlyRow } from '../../platform/query.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { checkClockRule } from '../platforms/server-time.ts';
import type { ServerClockRule } from '../types.ts';
import { registryProblem } from './errors.ts';
import * as queries from './queries.ts';
import type { BulkChange, GroupSetting, NewServer, SymbolMapping } from './types.ts';

const CHECK_VIOLATION = '23514';
const BULK_MAX = 10_000;

/** Registers a trade server; `trading.clock_rule_invalid` for a zone or shift that cannot be. */
export async function createServer(tx: TenantTx, server: NewServer): Promise<{ readonly key: number }> {
  checkClockRule(server);
  const [made] = await queries.insertServer(tx, server);
  if (made === undefined) throw registryProblem('trading.server_exists', { detail: server.name });
  const payload = { platform: server.platform, zone: server.zone, shiftMinutes: server.shiftMinutes };
  emit(tx, { stream: `server/${server.name}`, type: 'trading.server_created', schemaVersion: 1, payload });
  return made;
}

/** Mends a server's clock rule. Deals that are stored keep their times; parked ones get theirs by the new rule when run again. */
export async function setClockRule(tx: TenantTx, server: string, rule: ServerClockRule): Promise<void> {
  checkClockRule(rule);
  const { zone, shiftMinutes } = rule;
  const changed = await queries.updateClockRule(tx, { name: server, zone, shiftMinutes });
  if (changed.length === 0) throw registryProblem('trading.server_unknown', { detail: server });
  emit(tx, {
    stream: `server/${server}`,
    type: 'trading.clock_rule_set',
    schemaVersion: 1,
    payload: { zone, shiftMinutes },
  });
}

/** All servers of the tenant. */
export const allServers = (tx: TenantTx): Promise<(NewServer & { readonly key: number })[]> =>
  queries.allServers(tx, {});

const REGISTERED_MAX = 20_000;

/** The symbols that are registered now, and the account groups that are paid: at most 20 000 of each. */
export async function registeredNow(tx: TenantTx) {
  const max = REGISTERED_MAX;
  return { symbols: await queries.symbolsNow(tx, { max }), groups: await queries.groupsNow(tx, { max }) };
}

async function lockedServer(tx: TenantTx, server: string): Promise<number> {
  const [row] = await queries.lockServerNamed(tx, { name: server });
  if (row === undefined) throw registryProblem('trading.server_unknown', { detail: server });
  return row.key;
}

/** A list of different names, short enough for one statement. */
function checkNames(names: readonly string[]): void {
  if (names.length > BULK_MAX)
    throw registryProblem('trading.mapping_invalid', { detail: `More than ${BULK_MAX} rows` });
  if (new Set(names).size !== names.length)
    throw registryProblem('trading.mapping_invalid', { detail: 'A name is given twice' });
  if (names.includes('')) throw registryProblem('trading.mapping_invalid', { detail: 'A name is empty' });
}

const isAboveZero = (text: string): boolean => isDecimal(text) && !text.startsWith('-') && /[1-9]/.test(text);

async function change(
  end: () => Promise<readonly unknown[]>,
  insert: () => Promise<readonly unknown[]>,
  given: number,
): Promise<BulkChange> {
  try {
    const ended = (await end()).length;
    const inserted = (await insert()).length;
    return { added: inserted - ended, changed: ended, unchanged: given - inserted };
  } catch (error) {
    if (sqlStateOf(error) !== CHECK_VIOLATION) throw error;
    throw registryProblem('trading.mapping_backdated', { cause: error });
  }
}

/**
 * Maps raw symbols of a server, as a set. A name's first row holds since ever; a change holds from `validFrom` and ends
 * the row before, which stays. Parked deals are not touched: `rerunParked` with code `trading.symbol_unknown` does that.
 */
export async function mapSymbols(
  tx: TenantTx,
  {
    server,
    symbols,
    validFrom,
  }: { readonly server: string; readonly symbols: readonly SymbolMapping[]; readonly validFrom: Date },
): Promise<BulkChange> {
  const names = symbols.map((mapping) => mapping.rawName);
  checkNames(names);
  for (const { rawName, symbol, symbolGroup, digits, contractSize, pipSize, profitCurrency } of symbols) {
    const isPossible =
      symbol !== '' &&
      symbolGroup !== '' &&
      profitCurrency !== '' &&
      Number.isInteger(digits) &&
      digits >= 0 &&
      digits <= 20;
    if (!isPossible || !isAboveZero(contractSize) || !isAboveZero(pipSize))
      throw registryProblem('trading.mapping_invalid', { detail: `The symbol ${rawName}` });
  }
  const serverKey = await lockedServer(tx, server);
  const rows = {
    serverKey,
    validFrom,
    rawNames: names,
    symbols: symbols.map((mapping) => mapping.symbol),
    symbolGroups: symbols.map((mapping) => mapping.symbolGroup),
    digits: symbols.map((mapping) => mapping.digits),
    contractSizes: symbols.map((mapping) => mapping.contractSize),
    pipSizes: symbols.map((mapping) => mapping.pipSize),
    profitCurrencies: symbols.map((mapping) => mapping.profitCurrency),
    baseCurrencies: symbols.map((mapping) => mapping.baseCurrency ?? ''),
  };
  const result = await change(
    () => queries.endSymbols(tx, rows),
    () => queries.insertSymbols(tx, rows),
    symbols.length,
  );
  announce(tx, server, 'trading.symbols_mapped', { ...result, names, validFrom });
  return result;
}

/**
 * Says what account groups of a server count, as a set, in the same way. Deals of a group that does not pay are stored
 * and never due; deals of a group that is not described wait, parked as `trading.group_unknown`.
 */
export async function setGroups(
  tx: TenantTx,
  {
    server,
    groups,
    validFrom,
  }: { readonly server: string; readonly groups: readonly GroupSetting[]; readonly validFrom: Date },
): Promise<BulkChange> {
  const names = groups.map((group) => group.name);
  checkNames(names);
  for (const { name, lotFactor } of groups)
    if (!isDecimal(lotFactor) || lotFactor.startsWith('-'))
      throw registryProblem('trading.mapping_invalid', { detail: `The lot factor of ${name}` });
  const serverKey = await lockedServer(tx, server);
  const lotFactors = groups.map((group) => group.lotFactor);
  const rows = { serverKey, validFrom, names, lotFactors, pays: groups.map((group) => group.pays) };
  const result = await change(
    () => queries.endGroups(tx, rows),
    () => queries.insertGroups(tx, rows),
    groups.length,
  );
  announce(tx, server, 'trading.groups_set', { ...result, names, validFrom });
  return result;
}

/** Whether any server describes an account group of this name, now or once. */
export const isAccountGroup = async (tx: TenantTx, name: string): Promise<boolean> =>
  onlyRow(await queries.accountGroupKnown(tx, { name })).known;

/** Nothing changed, nothing to tell. */
function announce(
  tx: TenantTx,
  server: string,
  type: string,
  change: BulkChange & { names: readonly string[]; validFrom: Date },
): void {
  const { names, validFrom, added, changed, unchanged } = change;
  if (added + changed === 0) return;
  const payload = { names, validFrom: validFrom.toISOString(), added, changed, unchanged };
  emit(tx, { stream: `server/${server}`, type, schemaVersion: 1, payload });
}
