import { describe, expect, it } from 'vitest';
import type { TradeExplanation } from '../../src/commissions/index.ts';
import { Currency } from '../../src/kernel/currency.ts';
import { dealIdOf } from '../../src/kernel/ids.ts';
import { tradeInWords, unpaidInWords } from '../../src/main/demo/story.ts';

const dollars = (amount: string) => ({ amount, currency: Currency.parse('USD') });
const revision = (number: number, amount: string, at: string, reason: string | null) => ({
  revision: number,
  batch: '1',
  bookedAt: `2026-03-11T${at}:07.000Z`,
  cause: number === 0 ? ('booking' as const) : ('amendment' as const),
  reason,
  earning: dollars(amount),
  changes: [],
});
const booked = revision(0, '6.00', '12:00', null);
const updated = revision(1, '12.00', '12:05', 'The platform updated the deal');

const trade = (revisions: TradeExplanation['revisions']): TradeExplanation => ({
  id: dealIdOf(1n),
  ticket: '700',
  symbol: 'GBPUSD',
  symbolGroup: 'fx',
  accountGroup: 'real\\standard',
  lots: '2.00',
  openedAt: null,
  closedAt: '2026-03-11T11:59:30.000Z',
  revision: revisions.length - 1,
  batch: '1',
  knownAt: '2026-03-11T11:00:00.000Z',
  plan: { name: 'Agreed rates', version: 1 },
  chain: [],
  earning: revisions.at(-1)?.earning ?? null,
  rebates: [],
  steps: [],
  revisions,
});

describe('A trade in words', () => {
  it('says nothing of revisions where it was booked once', () => {
    expect(tradeInWords(trade([booked])).at(-1)).toContain('nothing lost, nothing made up');
  });

  it('says what it earned before it was corrected, when and why', () => {
    expect(tradeInWords(trade([booked, updated])).slice(-2)).toEqual([
      '          6.00  2026-03-11 12:00 UTC, first booked',
      '         12.00  2026-03-11 12:05 UTC, amendment: The platform updated the deal',
    ]);
  });

  it('says it of a deal too that was taken back and pays nothing now', () => {
    const deleted = revision(2, '0.00', '12:09', 'The platform deleted or cancelled the deal');
    expect(unpaidInWords(trade([booked, updated, deleted]), 'The platform took the deal back.')).toEqual([
      'Deal 700 closed 2.00 lots of GBPUSD on 2026-03-11 11:59 UTC; account group real\\standard.',
      'It paid nothing: The platform took the deal back.',
      '          6.00  2026-03-11 12:00 UTC, first booked',
      '         12.00  2026-03-11 12:05 UTC, amendment: The platform updated the deal',
      '          0.00  2026-03-11 12:09 UTC, amendment: The platform deleted or cancelled the deal',
    ]);
  });
});
