import { type Fraction, isAbove, minus, over, plus, read, round, sum, times, inUnits, zero } from './fractions.ts';
import { ledgerUnitsOfOne } from './engine.ts';
import { naiveParts } from './levels.ts';
import { naivelyConverted } from './models.ts';
import type { NaiveConversion, NaiveLink, NaivePeriod, NaivePeriodModel, NaivePlan } from './types.ts';

/** So much of one part of a client's period, in one currency. */
export type NaiveLine = {
  readonly part: string;
  readonly currency: string;
  readonly amount: string;
  readonly rates?: NaiveConversion | undefined;
};

const percent = (text: string): Fraction => over(read(text), read('100'));
/** Half to even below 0 too. */
const rounded = (amount: Fraction): bigint => (amount.n < 0n ? -round(minus(zero, amount)) : round(amount));

/** "(spread + commission - rebates - bonuses - PSP fees - chargebacks)". */
const PLUS = ['spread', 'commission'];
const MINUS = ['rebates', 'bonuses', 'psp_fees', 'chargebacks'];

function signOf(model: NaivePeriodModel, part: string): bigint {
  if (model.kind === 'net_loss') return part === 'profit' ? -1n : 0n;
  if (model.kind === 'cpa' || !(model.parts ?? [...PLUS, ...MINUS]).includes(part)) return 0n;
  return PLUS.includes(part) ? 1n : MINUS.includes(part) ? -1n : 0n;
}

/** What a period earns in ledger units, exactly, or why nothing; and what the next one begins with. A code where it waits for a rate. */
export function naivePeriod(
  { model, part }: NaivePeriod,
  lines: readonly NaiveLine[],
  carriedUnits: bigint,
  plan: Pick<NaivePlan, 'currency' | 'rateAgeHoursMax'>,
): { earning: Fraction | undefined; reason?: string; carriedUnits: bigint } | string {
  if (model.kind === 'cpa') throw new Error('CPA has no periods');
  const counted: Fraction[] = [];
  for (const line of lines) {
    const sign = signOf(model, line.part);
    if (sign === 0n) continue;
    const conversions = line.rates === undefined ? [] : [line.rates];
    const amount = naivelyConverted(read(line.amount), line.currency, plan.currency, { conversions }, plan);
    if (typeof amount === 'string') return amount;
    counted.push(times(times(amount, ledgerUnitsOfOne(plan.currency)), inUnits(sign)));
  }
  const net = sum(counted);
  const base = model.carryOver === true ? plus(net, inUnits(carriedUnits)) : net;
  if (!isAbove(base, zero)) {
    const carried = model.carryOver === true ? rounded(base) : 0n;
    return {
      earning: undefined,
      reason: isAbove(net, zero) ? 'carried_loss' : 'not_above_zero',
      carriedUnits: carried,
    };
  }
  const earning = times(times(base, percent(model.share)), percent(part ?? '100'));
  if (round(earning) === 0n) return { earning: undefined, reason: 'below_ledger_unit', carriedUnits: 0n };
  return { earning, carriedUnits: 0n };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What a client did from its beginning: sums in ledger units, lots in 10^-8. */
export type NaiveBeginning = {
  readonly country: string | undefined;
  readonly deposits: readonly { readonly atMs: number; readonly units: bigint }[];
  readonly trades: readonly { readonly atMs: number; readonly lots: bigint }[];
};

/** When the first few add up to so much; undefined where they never do. */
function whenReached(items: readonly { atMs: number; much: bigint }[], needed: Fraction): number | undefined {
  return items.find(
    (_, place) => !isAbove(needed, inUnits(items.slice(0, place + 1).reduce((total, { much }) => total + much, 0n))),
  )?.atMs;
}

/** "A fixed sum once per client for ever, behind gates; a ladder pays the difference on the next step": each step and when it is paid. */
export function naiveCpa(
  { model }: NaivePeriod,
  { country, deposits, trades }: NaiveBeginning,
  currency: string,
): { paysUnits: bigint; atMs: number | undefined }[] {
  if (model.kind !== 'cpa') throw new Error('only CPA has steps');
  const table = model.tables.filter(
    ({ countries }) => countries === undefined || (country !== undefined && countries.includes(country)),
  )[0];
  const { firstDeposits, lots, tradingDays, withinDays } = model.gates ?? {};
  const money = (text: string): Fraction => times(read(text), ledgerUnitsOfOne(currency));
  const paidIn = deposits.map(({ atMs, units }) => ({ atMs, much: units }));
  const beginMs = deposits[0]?.atMs ?? 0;
  const opened: (number | undefined)[] = [];
  if (firstDeposits !== undefined)
    opened.push(
      whenReached(
        paidIn.filter(({ atMs }) => atMs - beginMs <= firstDeposits.hours * HOUR_MS),
        money(firstDeposits.atLeast),
      ),
    );
  if (lots !== undefined)
    opened.push(
      whenReached(
        trades.map((trade) => ({ atMs: trade.atMs, much: trade.lots })),
        times(read(lots), inUnits(10n ** 8n)),
      ),
    );
  if (tradingDays !== undefined) {
    const dayOf = ({ atMs }: { atMs: number }): string => new Date(atMs).toISOString().slice(0, 10);
    const newDays = trades.filter((one, place) => trades.findIndex((other) => dayOf(other) === dayOf(one)) === place);
    opened.push(newDays[tradingDays - 1]?.atMs);
  }
  return (table?.steps ?? []).map((step) => {
    const all = [whenReached(paidIn, money(step.deposits)), ...opened];
    const atMs = all.includes(undefined) ? undefined : Math.max(...all.map((each) => each ?? 0));
    const isLate = withinDays !== undefined && atMs !== undefined && atMs - beginMs > withinDays * DAY_MS;
    return { paysUnits: round(money(step.pays)), atMs: isLate ? undefined : atMs };
  });
}

/** What each gets of an earning that belongs to no single trade: its levels take percentages of the whole. */
export function naiveAward(
  { name, levels, traderRebate }: NaivePeriod,
  chain: NaiveLink[],
  clientKey: number,
  earning: Fraction,
): { kind: 'ib' | 'client'; beneficiary: number; depth: number; units: bigint }[] {
  const rule = { name: 'whole', budget: '100' };
  const component = { name, model: { kind: 'per_lot' as const }, levels, rules: [rule] };
  const parts = naiveParts(chain, component, rule, read('100')).map((share) => times(earning, share));
  return parts.flatMap((_, depth) => {
    const units = round(sum(parts.slice(0, depth + 1))) - round(sum(parts.slice(0, depth)));
    const back = depth === 0 ? round(times(inUnits(units), percent(traderRebate ?? '0'))) : 0n;
    return [
      { kind: 'ib' as const, beneficiary: chain[depth]?.ibKey ?? -1, depth, units: units - back },
      { kind: 'client' as const, beneficiary: clientKey, depth: 0, units: back },
    ].filter((one) => one.units !== 0n);
  });
}
