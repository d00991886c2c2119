import { isUtf8 } from 'node:buffer';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson, type JsonValue } from '../../src/platform/strict-json.ts';

const limits = { lengthMax: 1_000_000, depthMax: 16 };
const read = (text: string) => parseStrictJson(text, limits);
const valueOf = (text: string): JsonValue => {
  const result = read(text);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
};
const refusalOf = (text: string) => {
  const result = read(text);
  return result.ok ? undefined : result.refusal;
};

describe('JSON from outside', () => {
  it.each([
    ['9007199254740993', '9007199254740993'],
    ['9223372036854775807', '9223372036854775807'],
    ['1.10', '1.10'],
    ['-0', '-0'],
    ['1e-7', '0.0000001'],
    ['1.5E-3', '0.0015'],
    ['12.5e1', '125'],
    ['-2.50e0', '-2.5'],
    ['0e5', '0'],
    ['1.000000000000000005', '1.000000000000000005'],
    ['1e400', '1e400'],
  ])('keeps the number %s as the text %s, because a double would not give it back', (text, expected) => {
    expect(valueOf(text)).toBe(expected);
  });

  it.each([
    ['0', 0],
    ['1.08512', 1.08512],
    ['-6.5', -6.5],
    ['9007199254740991', 9_007_199_254_740_991],
  ])('gives %s as a number', (text, expected) => {
    expect(valueOf(text)).toBe(expected);
  });

  it('refuses what JSON.parse lets through: a key twice, NUL, half a surrogate pair', () => {
    expect(refusalOf('{"a":1,"a":1}')).toBe('duplicate_key');
    expect(refusalOf('{"a":1,"\\u0061":2}')).toBe('duplicate_key');
    expect(refusalOf('"a\\u0000b"')).toBe('text_invalid');
    expect(refusalOf('"\\ud800"')).toBe('text_invalid');
    expect(refusalOf('{"\\udc00":1}')).toBe('text_invalid');
    expect(valueOf('"\\ud83d\\ude00"')).toBe('😀');
  });

  it('refuses what is longer or deeper than allowed, without recursion running away', () => {
    expect(refusalOf('['.repeat(17) + ']'.repeat(17))).toBe('too_deep');
    expect(refusalOf('{"a":'.repeat(400_000))).toBe('too_large');
    expect(refusalOf('['.repeat(900_000))).toBe('too_deep');
    expect(refusalOf(`"${'\\n'.repeat(400_000)}`)).toBe('malformed');
    expect(valueOf('['.repeat(16) + ']'.repeat(16))).toBeInstanceOf(Array);
  });

  it('keeps the name __proto__ as a member of its own', () => {
    const value = valueOf('{"__proto__":{"x":1}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });

  it('reads every JSON value that it does not refuse as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), (value) => {
        const text = JSON.stringify(value);
        const result = read(text);
        if (!result.ok) return result.refusal === 'text_invalid';
        return isDeepStrictEqual(asDoubles(result.value, JSON.parse(text)), JSON.parse(text));
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('accepts no text that JSON.parse refuses', () => {
    const fragment = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.',
      'e',
      '0',
      'true',
      'null',
      ' ',
      '\t',
      '\u00a0',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        if (read(text).ok) JSON.parse(text);
      }),
      { seed: 11, numRuns: 5000 },
    );
  });
});

/** Numbers kept as text, as the doubles that JSON.parse made of them. */
function asDoubles(ours: unknown, theirs: unknown): unknown {
  if (typeof theirs === 'number' && typeof ours === 'string') return Number(ours);
  if (Array.isArray(ours) && Array.isArray(theirs)) return ours.map((item, index) => asDoubles(item, theirs[index]));
  if (typeof ours === 'object' && ours !== null && typeof theirs === 'object' && theirs !== null)
    return Object.fromEntries(
      Object.entries(ours).map(([key, item]) => [key, asDoubles(item, Reflect.get(theirs, key))]),
    );
  return ours;
}

const suite = fileURLToPath(new URL('../../../shared/external/json-test-suite/test_parsing/', import.meta.url));
const DELIBERATELY_REFUSED = new Map([
  ['y_object_duplicated_key.json', 'duplicate_key'],
  ['y_object_duplicated_key_and_value.json', 'duplicate_key'],
  ['y_object_escaped_null_in_key.json', 'text_invalid'],
  ['y_string_null_escape.json', 'text_invalid'],
]);

describe.skipIf(!existsSync(suite))('the JSON parsing test suite', () => {
  const decode = (bytes: Buffer) =>
    isUtf8(bytes) ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) : undefined;
  const texts = (existsSync(suite) ? readdirSync(suite) : []).map(
    (name) => [name, decode(readFileSync(suite + name))] as const,
  );

  it('holds its 318 files', () => {
    expect(texts).toHaveLength(318);
  });

  it('accepts no file that must be rejected', () => {
    const accepted = texts.filter(([name, text]) => name.startsWith('n_') && text !== undefined && read(text).ok);
    expect(accepted.map(([name]) => name)).toEqual([]);
  });

  it('accepts each file that must be accepted, but for keys that stand twice and NUL', () => {
    const refused = texts
      .filter(([name]) => name.startsWith('y_'))
      .map(([name, text]) => [name, text === undefined ? 'not UTF-8' : refusalOf(text)] as const)
      .filter(([, refusal]) => refusal !== undefined);
    expect(new Map(refused)).toEqual(DELIBERATELY_REFUSED);
  });

  it('survives the files that may go either way', () => {
    for (const [name, text] of texts)
      if (name.startsWith('i_') && text !== undefined) expect(read(text)).toHaveProperty('ok');
  });
});
