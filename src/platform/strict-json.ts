/** A JSON value. Numbers that a double cannot give back in the same text are kept as that text (see `parseStrictJson`). */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

/** Why a text was refused. */
export type JsonRefusal =
  | 'malformed'
  | 'duplicate_key'
  | 'too_deep'
  | 'too_large'
  | 'too_many'
  | 'text_invalid'
  | 'number_inexact';

export type JsonResult =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly refusal: JsonRefusal; readonly detail: string };

export type JsonLimits = {
  /** The longest text, in UTF-16 code units. */
  readonly lengthMax: number;
  /** How many arrays and objects may stand inside each other. */
  readonly depthMax: number;
  /** How many items an array may hold; as many as there are unless given. */
  readonly itemsMax?: number;
  /** Every number is a double: one that a double cannot hold is refused, and none becomes text. */
  readonly areNumbersDoubles?: true;
};

type MutableObject = { [key: string]: JsonValue };

class Refused extends Error {
  readonly refusal: JsonRefusal;
  constructor(refusal: JsonRefusal, detail: string) {
    super(detail);
    this.refusal = refusal;
  }
}

const SPACE = /[ \t\n\r]*/y;
const ANY_STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE_UNIT = 0x20;
const SURROGATES = 0xd800;
const EXPONENT_FORM = /^(-?)([0-9]+)(?:\.([0-9]+))?[eE]([+-]?[0-9]+)$/;
/** Beyond this many places a number is no price, volume or sum; writing it out would only cost memory. */
const PLACES_MAX = 60;

/** Writes 1.5e-3 as 0.0015. A number of more than 60 places keeps its text. */
function withoutExponent(text: string): string {
  const match = EXPONENT_FORM.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', part = '', power = '0'] = match;
  const shift = Number(power);
  if (!(Math.abs(shift) <= PLACES_MAX) || whole.length + part.length > PLACES_MAX) return text;
  const digits = (whole + part).padEnd(whole.length + Math.max(shift, part.length), '0');
  const point = whole.length + shift;
  const padded = point <= 0 ? digits.padStart(digits.length + 1 - point, '0') : digits;
  const split = point <= 0 ? 1 : point;
  const left = padded.slice(0, split).replace(/^0+(?=[0-9])/, '');
  const right = padded.slice(split).replace(/0+$/, '');
  return right === '' ? sign + left : `${sign}${left}.${right}`;
}

/** A number token as a JavaScript number where that loses nothing, else as decimal text: 9007199254740993, 1.10 and 1e-5 become text. */
function numberOf(text: string): number | string {
  if (text.includes('e') || text.includes('E')) return withoutExponent(text);
  const number = Number(text);
  return String(number) === text ? number : text;
}

/** A number token as a double, where that is the number that was meant: a whole one beyond 2^53 is not, nor is 1e999. */
function doubleOf(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))) return number;
  throw new Refused(
    'number_inexact',
    `The number ${text.slice(0, 40)} is too large; give it as text where that is taken`,
  );
}

/** One reading of one text; regular expressions are sticky, so that each token is matched once and where it stands. */
class Reader {
  readonly #text: string;
  readonly #depthMax: number;
  readonly #itemsMax: number;
  readonly #number: (token: string) => number | string;
  #at = 0;

  constructor(text: string, { depthMax, itemsMax = Infinity, areNumbersDoubles }: JsonLimits) {
    this.#text = text;
    this.#depthMax = depthMax;
    this.#itemsMax = itemsMax;
    this.#number = areNumbersDoubles === true ? doubleOf : numberOf;
  }

  document(): JsonValue {
    this.#space();
    const value = this.#value(0);
    if (this.#at !== this.#text.length) throw this.#malformed();
    return value;
  }

  #malformed(): Refused {
    return new Refused('malformed', `Not JSON at position ${this.#at}`);
  }

  #token(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return '';
    const from = this.#at;
    this.#at = pattern.lastIndex;
    return this.#text.slice(from, this.#at);
  }

  #space(): void {
    if (this.#text.charCodeAt(this.#at) <= SPACE_UNIT) this.#token(SPACE);
  }

  #skip(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#malformed();
    this.#at += 1;
    this.#space();
  }

  #value(depth: number): JsonValue {
    const first = this.#text[this.#at];
    let value: JsonValue;
    if (first === '"') value = this.#string();
    else if (first === '{') return this.#object(depth + 1);
    else if (first === '[') return this.#array(depth + 1);
    else if (first === 't') value = this.#word('true', true);
    else if (first === 'f') value = this.#word('false', false);
    else if (first === 'n') value = this.#word('null', null);
    else value = this.#numeral();
    this.#space();
    return value;
  }

  #word<Value>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#malformed();
    this.#at += word.length;
    return value;
  }

  #numeral(): number | string {
    const token = this.#token(NUMBER);
    if (token === '') throw this.#malformed();
    return this.#number(token);
  }

  /** Most strings are short and plain: walking over them is faster than a pattern. */
  #string(): string {
    const from = this.#at + 1;
    for (let at = from; at < this.#text.length; at += 1) {
      const unit = this.#text.charCodeAt(at);
      if (unit === QUOTE) {
        this.#at = at + 1;
        return this.#text.slice(from, at);
      }
      if (unit === BACKSLASH || unit >= SURROGATES) return this.#unusualString();
      if (unit < SPACE_UNIT) break;
    }
    throw this.#malformed();
  }

  #unusualString(): string {
    const token = this.#token(ANY_STRING);
    if (token === '') throw this.#malformed();
    const text = JSON.parse(token) as string; // The pattern has admitted JSON strings only.
    if (text.includes('\u0000')) throw new Refused('text_invalid', 'A text holds the character NUL');
    if (!text.isWellFormed()) throw new Refused('text_invalid', 'A text holds half of a surrogate pair');
    return text;
  }

  #deeper(depth: number): void {
    if (depth > this.#depthMax) throw new Refused('too_deep', `More than ${this.#depthMax} levels`);
  }

  #array(depth: number): JsonValue {
    this.#deeper(depth);
    const items: JsonValue[] = [];
    this.#skip('[');
    if (this.#text[this.#at] !== ']') {
      items.push(this.#value(depth));
      while (this.#text[this.#at] === ',') {
        if (items.length >= this.#itemsMax) throw new Refused('too_many', `More than ${this.#itemsMax} items`);
        this.#skip(',');
        items.push(this.#value(depth));
      }
    }
    this.#skip(']');
    return items;
  }

  #object(depth: number): JsonValue {
    this.#deeper(depth);
    const members: MutableObject = {};
    this.#skip('{');
    if (this.#text[this.#at] !== '}') {
      this.#member(members, depth);
      while (this.#text[this.#at] === ',') {
        this.#skip(',');
        this.#member(members, depth);
      }
    }
    this.#skip('}');
    return members;
  }

  #member(members: MutableObject, depth: number): void {
    if (this.#text[this.#at] !== '"') throw this.#malformed();
    const key = this.#string();
    if (Object.hasOwn(members, key))
      throw new Refused('duplicate_key', `The key ${JSON.stringify(key.slice(0, 64))} stands twice`);
    this.#space();
    this.#skip(':');
    const value = this.#value(depth);
    // A plain assignment to this name would set the prototype.
    if (key === '__proto__')
      Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
    else members[key] = value;
  }
}

/**
 * Reads JSON (RFC 8259) from outside and loses nothing of it. Stricter than `JSON.parse`: a key that stands twice,
 * NUL, half a surrogate pair, too much depth or length are refused. More exact: a number whose text a double does not
 * give back (64-bit tickets, "1.10", exponents) comes as decimal text. Never throws.
 */
export function parseStrictJson(text: string, limits: JsonLimits): JsonResult {
  const { lengthMax } = limits;
  if (text.length > lengthMax) return { ok: false, refusal: 'too_large', detail: `More than ${lengthMax} characters` };
  try {
    return { ok: true, value: new Reader(text, limits).document() };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal, detail: error.message };
    throw error;
  }
}
