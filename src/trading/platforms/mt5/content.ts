import { hash } from 'node:crypto';
import { formatDecimal, isDecimal, parseDecimal } from '../../../kernel/decimal.ts';
import type { RawDeal, RawValue } from '../../types.ts';

/** Fields that are words: here "1.10" and "1.1" are two texts. */
const WORDS: ReadonlySet<string> = new Set(['Symbol', 'Comment', 'ExternalID', 'Gateway']);
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([['ModifyFlags', 'ModificationFlags']]);
/** Already canonical, which is what most servers send: whole numbers without a sign. */
const SHORT = /^(?:0|[1-9][0-9]{0,29})$/;

function canonicalNumber(text: string): string {
  const decimal = parseDecimal(text);
  return decimal.coefficient === 0n ? '0' : formatDecimal(decimal);
}

const canonicalNumeric = (text: string): string => {
  if (SHORT.test(text)) return text;
  return isDecimal(text) ? canonicalNumber(text) : JSON.stringify(text);
};

function canonicalValue(value: RawValue, isWord: boolean): string {
  if (typeof value === 'string') return isWord ? JSON.stringify(value) : canonicalNumeric(value);
  if (typeof value === 'number') return isWord ? JSON.stringify(String(value)) : canonicalNumeric(String(value));
  if (value === null || typeof value === 'boolean') return String(value);
  if (isList(value)) return `[${value.map((item) => canonicalValue(item, false)).join(',')}]`;
  return canonicalObject(value);
}

const isList = (value: RawValue): value is readonly RawValue[] => Array.isArray(value);

function canonicalObject(object: { readonly [member: string]: RawValue }): string {
  const parts: string[] = [];
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value === undefined || value === null) continue; // A field sent as null says as little as one left out.
    parts.push(`${JSON.stringify(OTHER_NAMES.get(name) ?? name)}:${canonicalValue(value, WORDS.has(name))}`);
  }
  return `{${parts.sort().join(',')}}`;
}

/**
 * What two deliveries of a deal are compared by: the SHA-256, in hex, of its fields in order of their names, numbers
 * and numeric texts in one decimal form ("1.10", 1.1 and "1.1" are equal), null like absent. It covers every field.
 */
export const contentOf = (raw: RawDeal): string => hash('sha256', canonicalObject(raw), 'hex');
