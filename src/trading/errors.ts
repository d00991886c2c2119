import { defineProblems } from '../kernel/problem.ts';

/** What can be wrong with one line of a feed; the line is answered `rejected` with the code. */
const lineEntries = {
  'feed.line_malformed': { status: 400, title: 'The line is not one JSON object' },
  'feed.line_duplicate_key': { status: 400, title: 'The line holds a key twice' },
  'feed.line_too_deep': { status: 400, title: 'The line nests too deep' },
  'feed.line_too_large': { status: 413, title: 'The line is too long' },
  'feed.line_text_invalid': { status: 400, title: 'The line holds a text that cannot be stored' },
  'feed.type_unknown': { status: 422, title: 'The type of the line is not known' },
  'feed.type_unsupported': { status: 422, title: 'The type of the line is not handled for this platform' },
  'feed.seq_invalid': { status: 422, title: 'seq is not a whole number from 1' },
  'feed.field_missing': { status: 422, title: 'A field that is needed is missing' },
  'feed.field_malformed': { status: 422, title: 'A field has the wrong form' },
  'feed.number_malformed': { status: 422, title: 'A field is not a plain decimal number' },
  'feed.ticket_out_of_range': { status: 422, title: 'A ticket, login or position id does not fit 64 bits' },
  'feed.volume_invalid': { status: 422, title: 'The volume is not possible' },
  'feed.entry_unknown': { status: 422, title: 'The entry of a traded deal is not known' },
  'feed.time_missing': { status: 422, title: 'The deal has no time' },
  'feed.time_out_of_range': { status: 422, title: 'The time of the deal is not possible' },
} as const;

export type FeedLineCode = keyof typeof lineEntries;
defineProblems<FeedLineCode>(lineEntries); // Answered line by line, never thrown: declared for the list of all errors.

/** Why a stored deal waits instead of being handed on; the rows are visible and run again when the reason is gone. */
const parkedEntries = {
  'trading.time_nonexistent': {
    status: 422,
    title: 'The server clock skips this time: the clock rule of the server may be wrong',
  },
  'trading.volume_missing': { status: 422, title: 'A traded deal without volume' },
  'trading.closed_volume_missing': { status: 422, title: 'A reversal that does not say how much it closed' },
  'trading.volume_implausible': { status: 422, title: 'The volume is larger than any deal' },
  'trading.price_implausible': { status: 422, title: 'The price cannot be a price' },
  'trading.deal_unreadable': { status: 422, title: 'The stored deal cannot be read by the program of today' },
} as const;

export type DealDoubt = keyof typeof parkedEntries;
export const dealParkedProblem = defineProblems<DealDoubt>(parkedEntries);

export const tradingProblem = defineProblems({
  'trading.clock_rule_invalid': { status: 422, title: 'The clock rule of the server is not possible' },
});

/** What can be wrong with a feed body as a whole: nothing of it is kept. */
export const feedBodyProblem = defineProblems({
  'feed.batch_empty': { status: 422, title: 'The batch holds no line' },
  'feed.batch_too_large': { status: 413, title: 'The batch is larger than 1 000 lines or 1 MiB unpacked' },
  'feed.body_malformed': { status: 400, title: 'The body is not a JSON array' },
});

/** What can be wrong with a report file. */
export const reportProblem = defineProblems({
  'trading.report_foreign': { status: 422, title: 'The file is not a MetaTrader 5 report that can be read' },
  'trading.report_malformed': { status: 422, title: 'A row of the report cannot be read' },
  'trading.report_too_large': { status: 413, title: 'The report is too large' },
  'trading.report_empty': { status: 422, title: 'The report holds no deal' },
  'trading.report_login_needed': { status: 422, title: 'The file does not say whose account it is: name the login' },
});
