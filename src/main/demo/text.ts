import { NO_PAY_REASONS } from '../../commissions/index.ts';
import type { Verification } from '../../ops/index.ts';
import type { Fed } from './feeding.ts';
import type { Earned, Figures } from './figures.ts';

const number = new Intl.NumberFormat('en-US');
/** 20,000 as people read it. */
export const grouped = (value: number): string => number.format(value);

/** Columns side by side, figures to the right; the first row names them. */
function table(rows: readonly (readonly string[])[], rightFrom: number): string[] {
  const widths = (rows[0] ?? []).map((_name, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < rightFrom || column === row.length - 1
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [lines[0] ?? '', rule, ...lines.slice(1)];
}

const decimalsOf = (amount: string): number => amount.split('.')[1]?.length ?? 0;

/** The table of the introducing brokers, with the rest of what the trades earned below it. */
function ibTable({ perIb, traderRebates, house, earned }: Figures): string[] {
  const decimals = Math.max(
    ...[...perIb, ...traderRebates, ...house, ...earned].map(({ amount }) => decimalsOf(amount)),
  );
  // Points below each other; no zeros are added, for they would look like figures that were computed.
  const aligned = (amount: string): string => amount.padEnd(amount.length + decimals - decimalsOf(amount));
  const rest = (name: string, { rebates, amount, currency }: Earned): string[] => [
    name,
    '',
    '',
    '',
    '',
    grouped(rebates),
    aligned(amount),
    currency,
  ];
  return table(
    [
      ['IB', 'parent', 'clients', 'trades', 'lots', 'rebates', 'amount', ''],
      ...perIb.map(({ ib, parent, depth, clients, trades, lots, rebates, amount, currency }) => [
        `${'  '.repeat(depth)}${ib}`,
        parent ?? '',
        grouped(clients),
        grouped(trades),
        lots,
        grouped(rebates),
        aligned(amount),
        currency,
      ]),
      ...traderRebates.map((sum) => rest('(back to traders)', sum)),
      ...house.map((sum) => rest('(the house keeps)', sum)),
      ...earned.map(({ amount, currency }) => ['earned in all', '', '', '', '', '', aligned(amount), currency]),
    ],
    2,
  );
}

/** What was earned: the table, and what was not paid. */
export const earnedInWords = (figures: Figures): string[] => [
  `5  ${grouped(figures.paid)} of ${grouped(figures.trades)} trades earned ${grouped(figures.rebates)} rebates:`,
  '',
  ...ibTable(figures),
  '   (clients, trades and lots: of the IB itself; rebates and amount: from all trades below it)',
  ...unpaidAndParked(figures),
];

/** What became of the trades that earned nothing. */
function unpaidAndParked({ unpaid, parked }: Figures): string[] {
  const sentence = (reason: string): string =>
    Object.hasOwn(NO_PAY_REASONS, reason)
      ? NO_PAY_REASONS[reason as keyof typeof NO_PAY_REASONS].sentence
      : "The account's group, or the platform's reason for the deal, never pays.";
  const lines = [
    ...Object.entries(unpaid).map(([reason, trades]) => `  ${grouped(trades)} unpaid, ${reason}: ${sentence(reason)}`),
    ...parked.map(({ code, count: deals, example }) => `  ${grouped(deals)} parked, ${code}: ${example}`),
  ];
  return lines.length === 0 ? [] : ['', 'Not paid', ...lines];
}

/** The proof: what was checked, how often, and whether it holds. */
export function proof(verification: Verification, { earned }: Figures): string[] {
  const { checked, parts, findings } = verification;
  const mark = (...names: readonly string[]): string =>
    parts.every(({ part, findings: found }) => !names.includes(part) || found === 0) ? 'holds ' : 'BROKEN';
  const of = (what: string): string => grouped(checked[what] ?? 0);
  const sum = earned.map(({ amount, currency }) => `${amount} ${currency}`).join(' + ') || 'nothing';
  return [
    `  ${mark('bookings')}  each of ${of('trades')} trades is booked once, or waits, or never pays; ${of('rebates')} rebates add up to`,
    `          what their trade earned, to the ledger unit (0.000001 USD), and to ${sum} in all`,
    `  ${mark('ledger')}  debits equal credits over ${of('transfers')} transfers; what the house owes is what the rebates say`,
    `  ${mark('recomputation')}  ${of('recomputed')} bookings computed again from their stored inputs, by two engines, give the same`,
    `  ${mark('statements', 'payouts')}  ${of('statements')} statements say what was earned, each signed and with the hash of the one before; ${of('payments')} payments, none twice`,
    `  ${mark('feed')}  ${of('deals')} deals are stored as they came, each once`,
    `  ${mark('tree')}  the tree of ${of('ibs')} IBs follows from its edges, without a cycle or a gap`,
    `  ${mark('events')}  ${of('events')} events form one unbroken chain of hashes`,
    ...findings.map(({ rule, subject, detail }) => `  ${rule}: ${subject}: ${detail}`),
  ];
}

/** What the bridge did. */
export const fedInWords = ({ deals, totals }: Fed): string =>
  `${grouped(deals)} deals in ${grouped(totals.batches)} signed batches: ${grouped(totals.accepted)} accepted, ${grouped(totals.duplicates)} sent twice and known, ` +
  `${grouped(totals.parked)} parked, ${grouped(totals.rejected)} rejected`;
