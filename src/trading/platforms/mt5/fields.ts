import { isDecimal, parseDecimal, rescale } from '../../../kernel/decimal.ts';
import type { FeedLineCode } from '../../errors.ts';

/** What a field may hold before it is read. */
export type Scalar = string | number | null | undefined;

/** The refusal of a line: a code of the catalogue and a sentence for people. Caught where lines are read, never thrown further. */
export class FieldRefused extends Error {
  readonly code: FeedLineCode;
  constructor(code: FeedLineCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

const shown = (value: Scalar): string => JSON.stringify(String(value).slice(0, 40));
const INTEGER_MAX = 2n ** 63n - 1n;
const CODE_MAX = 0xffff_ffff;
const ZERO = 0x30;
const POINT = 0x2e;
const WHOLE = /^(?:0|[1-9][0-9]{0,18})$/;

export const isAbsent = (value: Scalar): value is null | undefined => value === undefined || value === null;

/** The plain text of a number. Doubles are written in their shortest form; 1e-7 and 1e21 never come out of parseStrictJson, but may come from a caller. */
function textOf(name: string, value: string | number): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (!isDecimal(text)) throw new FieldRefused('feed.number_malformed', `${name} is ${shown(value)}`);
  return text;
}

/** The shortest form of a plain decimal ("1.10" gives "1.1", "-0.00" gives "0"), by its text: every deal has a dozen of them. */
export function shortestDecimal(text: string): string {
  if (!text.includes('.')) return text === '-0' ? '0' : text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === ZERO) end -= 1;
  if (text.charCodeAt(end - 1) === POINT) end -= 1;
  const shortest = text.slice(0, end);
  return shortest === '-0' ? '0' : shortest;
}

/** An exact decimal in its shortest form; absent gives undefined. */
export function decimalOf(name: string, value: Scalar): string | undefined {
  return isAbsent(value) ? undefined : shortestDecimal(textOf(name, value));
}

/** A whole number that fits a signed 64-bit column and is not negative; absent gives undefined. */
export function wholeOf(name: string, value: Scalar, code: FeedLineCode): bigint | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value === 'string' && WHOLE.test(value)) {
    const whole = BigInt(value);
    if (whole <= INTEGER_MAX) return whole;
  } else {
    const whole = rescale(parseDecimal(textOf(name, value)), 0); // Some bridges write 13700 as 13700.0.
    if (whole !== undefined && whole >= 0n && whole <= INTEGER_MAX) return whole;
  }
  throw new FieldRefused(code, `${name} is ${shown(value)}`);
}

/** A ticket, login, order or position id. */
export const keyOf = (name: string, value: Scalar): bigint | undefined =>
  wholeOf(name, value, 'feed.ticket_out_of_range');

/** A small whole number such as an action or a reason; absent gives undefined. */
export function codeOf(name: string, value: Scalar): number | undefined {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= CODE_MAX) return value;
  const whole = wholeOf(name, value, 'feed.field_malformed');
  if (whole === undefined) return undefined;
  if (whole > BigInt(CODE_MAX)) throw new FieldRefused('feed.field_malformed', `${name} is ${shown(value)}`);
  return Number(whole);
}

/** Insists on a field. */
export function needed<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw new FieldRefused('feed.field_missing', `${name} is needed`);
  return value;
}
