import { hash } from 'node:crypto';
import { isDecimal } from '../../../kernel/decimal.ts';
import type { RawDeal, RawValue } from '../../types.ts';
import { shortestDecimal } from './fields.ts';

/** Fields that are words: here "1.10" and "1.1" are two texts. */
const WORDS: ReadonlySet<string> = new Set(['Symbol', 'Comment', 'ExternalID', 'Gateway']);
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([['ModifyFlags', 'ModificationFlags']]);
const canonicalNumeric = (text: string): string => (isDecimal(text) ? shortestDecimal(text) : JSON.stringify(text));

function canonicalValue(value: RawValue, isWord: boolean): string {
  if (typeof value === 'string') return isWord ? JSON.stringify(value) : canonicalNumeric(value);
  if (typeof value === 'number') return isWord ? JSON.stringify(String(value)) : canonicalNumeric(String(value));
  if (value === null || typeof value === 'boolean') return String(value);
  if (isList(value)) return `[${value.map((item) => canonicalValue(item, false)).join(',')}]`;
  return canonicalObject(value);
}

const isList = (value: RawValue): value is readonly RawValue[] => Array.isArray(value);

/** The fields of an object in order of their names. Deals of one source have the same fields: the last order is kept. */
type Order = { readonly names: readonly string[]; readonly sorted: readonly Field[] };
type Field = { readonly name: string; readonly prefix: string; readonly isWord: boolean };
let lastOrder: Order = { names: [], sorted: [] };

function orderOf(names: readonly string[]): Order {
  const last = lastOrder.names;
  if (names.length === last.length && names.every((name, index) => name === last[index])) return lastOrder;
  const sorted = names
    .map((name) => ({ name, prefix: `${JSON.stringify(OTHER_NAMES.get(name) ?? name)}:`, isWord: WORDS.has(name) }))
    .sort((left, right) => (`${left.prefix}${left.name}` < `${right.prefix}${right.name}` ? -1 : 1));
  lastOrder = { names, sorted };
  return lastOrder;
}

function canonicalObject(object: { readonly [member: string]: RawValue }): string {
  let text = '{';
  for (const { name, prefix, isWord } of orderOf(Object.keys(object)).sorted) {
    const value = object[name];
    if (value === undefined || value === null) continue; // A field sent as null says as little as one left out.
    text += `${text === '{' ? '' : ','}${prefix}${canonicalValue(value, isWord)}`;
  }
  return `${text}}`;
}

/**
 * What two deliveries of a deal are compared by: the SHA-256, in hex, of its fields in order of their names, numbers
 * and numeric texts in one decimal form ("1.10", 1.1 and "1.1" are equal), null like absent. It covers every field.
 */
export const contentOf = (raw: RawDeal): string => hash('sha256', canonicalObject(raw), 'hex');
