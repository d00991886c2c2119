import { isUtf8 } from 'node:buffer';
import { parseStrictJson, type JsonObject, type JsonRefusal, type JsonValue } from '../../platform/strict-json.ts';
import { feedBodyProblem, type FeedLineCode } from '../errors.ts';
import { BATCH_BYTES_MAX } from './contract.ts';
import type { AccountSnapshot } from '../account-states/types.ts';
import { translateAccountState } from '../platforms/mt5/account-state.ts';
import { contentOf } from '../platforms/mt5/content.ts';
import { translateDeal, translateDeletedDeal, type DeletedDeal } from '../platforms/mt5/translate.ts';
import type { Deal } from '../types.ts';

/** One good line of a feed. `seq` is the source's own count from 1; `content` compares two deliveries of one deal. */
export type FeedLine =
  | { readonly type: 'heartbeat'; readonly seq: number | undefined }
  | {
      readonly type: 'deal.add' | 'deal.update';
      readonly seq: number | undefined;
      readonly deal: Deal;
      readonly content: string;
    }
  | {
      readonly type: 'deal.delete';
      readonly seq: number | undefined;
      readonly deleted: DeletedDeal;
      readonly content: string;
    }
  | { readonly type: 'account.state'; readonly seq: number | undefined; readonly state: AccountSnapshot };

/** A line, or why it was refused. A refused line keeps its `seq` where it could be read: it counts as seen. */
export type FeedLineResult =
  | { readonly ok: true; readonly line: FeedLine }
  | { readonly ok: false; readonly seq: number | undefined; readonly code: FeedLineCode; readonly detail: string };

/** A real deal has about 40 fields and 1 kB. */
const LINE_LENGTH_MAX = 16_384;
const DEPTH_MAX = 8;
/** At most this many lines in one batch (contract, The feed). */
const BATCH_LINES_MAX = 1000;

const CODES = {
  malformed: 'feed.line_malformed',
  duplicate_key: 'feed.line_duplicate_key',
  too_deep: 'feed.line_too_deep',
  too_large: 'feed.line_too_large',
  text_invalid: 'feed.line_text_invalid',
  // Lines are read without a limit to items, and their numbers keep their text: these two do not occur.
  too_many: 'feed.line_malformed',
  number_inexact: 'feed.line_malformed',
} as const satisfies Record<JsonRefusal, FeedLineCode>;

/** The MT4 record's types: known to the contract, not yet handled. */
const OTHER_PLATFORMS: ReadonlySet<JsonValue | undefined> = new Set([
  'trade.open',
  'trade.close',
  'trade.update',
  'trade.delete',
]);

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSeq = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;

const refused = (code: FeedLineCode, detail: string, seq: number | undefined): FeedLineResult => ({
  ok: false,
  seq,
  code,
  detail,
});

/** What an account stood at: in no way a deal, and never due. */
function accountLine(account: JsonValue | undefined, seq: number | undefined): FeedLineResult {
  if (account === undefined || account === null) return refused('feed.field_missing', 'account is needed', seq);
  if (!isObject(account)) return refused('feed.field_malformed', 'account is a JSON object', seq);
  const read = translateAccountState(account);
  return read.ok
    ? { ok: true, line: { type: 'account.state', seq, state: read.value } }
    : refused(read.code, read.detail, seq);
}

/** The line of an object that was read already, for instance from a JSON array. */
function feedLineOf(value: JsonValue): FeedLineResult {
  if (!isObject(value)) return refused('feed.line_malformed', 'A line is a JSON object', undefined);
  const { type, seq: given, deal } = value;
  if (given !== undefined && given !== null && !isSeq(given))
    return refused('feed.seq_invalid', 'seq is a whole number from 1', undefined);
  const seq = given ?? undefined;
  if (type === 'heartbeat') return { ok: true, line: { type, seq } };
  if (OTHER_PLATFORMS.has(type))
    return refused('feed.type_unsupported', `${JSON.stringify(type)} is not handled by this source`, seq);
  if (type === undefined || type === null) return refused('feed.field_missing', 'type is needed', seq);
  if (type === 'account.state') return accountLine(value['account'], seq);
  if (type !== 'deal.add' && type !== 'deal.update' && type !== 'deal.delete')
    return refused('feed.type_unknown', `type is ${JSON.stringify(type).slice(0, 40)}`, seq);
  if (deal === undefined || deal === null) return refused('feed.field_missing', 'deal is needed', seq);
  if (!isObject(deal)) return refused('feed.field_malformed', 'deal is a JSON object', seq);
  if (type === 'deal.delete') {
    const deleted = translateDeletedDeal(deal);
    if (!deleted.ok) return refused(deleted.code, deleted.detail, seq);
    return { ok: true, line: { type, seq, deleted: deleted.value, content: contentOf(deal) } };
  }
  const read = translateDeal(deal);
  if (!read.ok) return refused(read.code, read.detail, seq);
  return { ok: true, line: { type, seq, deal: read.value, content: contentOf(deal) } };
}

/**
 * One line of `POST /feeds/{sourceId}/events`, read without loss: 64-bit numbers and decimals stay exact.
 * Never throws; whatever is wrong has a code of the catalogue.
 */
export function parseFeedLine(text: string): FeedLineResult {
  const json = parseStrictJson(text, { lengthMax: LINE_LENGTH_MAX, depthMax: DEPTH_MAX });
  return json.ok ? feedLineOf(json.value) : refused(CODES[json.refusal], json.detail, undefined);
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true }); // A byte order mark is no JSON: it must stay to be refused.
const LINE_FEED = 0x0a;
const BLANK = /^[ \t\r]*$/;

/** Bytes that are not UTF-8 give undefined: they spoil their own line only. */
const decoded = (bytes: Uint8Array): string | undefined => (isUtf8(bytes) ? utf8.decode(bytes) : undefined);

function linesOf(body: Uint8Array): FeedLineResult[] {
  const results: FeedLineResult[] = [];
  for (let from = 0; from < body.length && results.length <= BATCH_LINES_MAX;) {
    const found = body.indexOf(LINE_FEED, from);
    const to = found < 0 ? body.length : found;
    const text = decoded(body.subarray(from, to));
    if (text === undefined) results.push(refused('feed.line_text_invalid', 'The line is not UTF-8', undefined));
    else if (!BLANK.test(text)) results.push(parseFeedLine(text));
    from = to + 1;
  }
  return results;
}

/** A JSON array has no line ends to recover at: what is no JSON spoils the whole body. */
function itemsOf(body: Uint8Array): FeedLineResult[] {
  const text = decoded(body);
  const json =
    text === undefined ? undefined : parseStrictJson(text, { lengthMax: BATCH_BYTES_MAX, depthMax: DEPTH_MAX + 1 });
  if (json === undefined) throw feedBodyProblem('feed.body_malformed', { detail: 'The body is not UTF-8' });
  if (!json.ok) throw feedBodyProblem('feed.body_malformed', { detail: json.detail });
  if (!Array.isArray(json.value)) throw feedBodyProblem('feed.body_malformed', { detail: 'The body is no JSON array' });
  return json.value.slice(0, BATCH_LINES_MAX + 1).map(itemOf);
}

/** An item is bounded like a line: deals that wait are read again a thousand at a time. */
function itemOf(value: JsonValue): FeedLineResult {
  if (JSON.stringify(value).length <= LINE_LENGTH_MAX) return feedLineOf(value);
  const seq = isObject(value) && isSeq(value['seq']) ? value['seq'] : undefined;
  return refused(CODES.too_large, `More than ${LINE_LENGTH_MAX} characters`, seq);
}

/**
 * The lines of an unpacked feed body, in order: NDJSON (blank lines are passed over), or a JSON array.
 * Throws `feed.batch_too_large`, `feed.batch_empty`, and for an array that is no JSON `feed.body_malformed`.
 */
export function parseFeedBody(body: Uint8Array): FeedLineResult[] {
  if (body.length > BATCH_BYTES_MAX) throw feedBodyProblem('feed.batch_too_large', { detail: `${body.length} bytes` });
  const first = body.find((byte) => byte > 0x20);
  const results = first === 0x5b ? itemsOf(body) : linesOf(body);
  if (results.length === 0) throw feedBodyProblem('feed.batch_empty');
  if (results.length > BATCH_LINES_MAX)
    throw feedBodyProblem('feed.batch_too_large', { detail: `More than ${BATCH_LINES_MAX} lines` });
  return results;
}
