import { formatDecimal, isDecimal, parseDecimal } from '../../kernel/decimal.ts';
import type { PlanComponent } from '../definitions/contract.ts';
import type { Value } from '../differences/types.ts';
import { modelOf } from '../models/index.ts';

/** Settings whose names alone would not be understood. */
const NAMES: Readonly<Record<string, string>> = {
  asOf: 'instant as of which everything is taken',
  counts: 'volume that counts',
  lacking: 'way of parts that no level takes',
  list: 'list',
  rateAgeHoursMax: 'greatest age of a rate',
  upTo: 'limit',
};

/** What the figure of a setting is counted in, by the setting's name. */
const UNITS: Readonly<Record<string, string>> = {
  commissionShare: '%',
  hours: 'hours',
  pips: 'pips',
  rateAgeHoursMax: 'hours',
  rollingDays: 'days',
  seconds: 'seconds',
  spreadShare: '%',
  spreads: 'spreads',
  traderRebate: '%',
};

/** `symbolGroup` and `symbol_group` as people say it: symbol group. */
export const wordsOf = (name: string): string =>
  NAMES[name] ?? name.replaceAll('_', ' ').replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** What one of a list is called: a rule of the rules. */
export const oneOf = (list: string): string => wordsOf(list).replace(/s$/, '');

export const unitOfSetting = (name: string): string | undefined => UNITS[name];

/** The unit where the name does not say it: seconds 60. */
const ownUnit = (name: string): string | undefined => (UNITS[name] === wordsOf(name) ? undefined : UNITS[name]);

/** A figure in the unit it is counted in. */
export const inUnit = (text: string, unit: string | undefined): string =>
  unit === undefined ? text : `${text} ${unit}`;

/** Any value in words, with no more than two levels of brackets. */
export function told(value: Value, unit?: string): string {
  if (value === null) return 'nothing';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string' || typeof value === 'number') return inUnit(plain(value), unit);
  if (Array.isArray(value))
    return value.length === 0
      ? 'none'
      : listOf(value)
          .map((one) => told(one))
          .join('; ');
  const settings = Object.entries(value).filter(([name, one]) => name !== 'name' && !isEmpty(one));
  const said = settings.map(([name, one]) =>
    name === 'kind' ? told(one) : `${wordsOf(name)} ${bracketed(one, ownUnit(name))}`,
  );
  return [...('name' in value ? [told(value['name'] ?? null)] : []), ...said].join(', ');
}

const isEmpty = (value: Value): boolean => Array.isArray(value) && value.length === 0;

const bracketed = (value: Value, unit: string | undefined): string =>
  typeof value === 'object' && value !== null ? `(${told(value, unit)})` : told(value, unit);

/** Kinds and choices are words of their own: `per_lot` is per lot. */
const plain = (value: string | number): string =>
  typeof value === 'string' && /^[a-z]+(_[a-z]+)+$/.test(value) ? value.replaceAll('_', ' ') : String(value);

/** Arrays that are read only lose their type in `Array.isArray`. */
export const listOf = (value: Value): readonly Value[] => (Array.isArray(value) ? (value as readonly Value[]) : []);

/** Whether two figures are one number, and if not, which way it goes; undefined where one of them is no figure. */
export function wayOf(before: Value, after: Value): 'same' | 'rises' | 'falls' | undefined {
  const [left, right] = [figureOf(before), figureOf(after)];
  if (left === undefined || right === undefined) return undefined;
  const scale = Math.max(left.scale, right.scale);
  const [was, is] = [left, right].map((one) => one.coefficient * 10n ** BigInt(scale - one.scale));
  if (was === undefined || is === undefined || was === is) return 'same';
  return was < is ? 'rises' : 'falls';
}

function figureOf(value: Value) {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && isDecimal(text) ? parseDecimal(text) : undefined;
}

/** A figure as its version wrote it, with the decimals of the other one: 10 beside 12.50 is 10.00. */
export function alike(value: Value, other: Value): Value {
  const [one, two] = [figureOf(value), figureOf(other)];
  if (one === undefined || two === undefined || typeof value !== 'string') return value;
  return formatDecimal(one, Math.max(one.scale, two.scale));
}

/** What a rate of a model is, for people: `USD per lot`, `%`, `pips`. */
export function rateUnitOf(model: PlanComponent['model'], currency: string): string {
  if (modelOf(model).rate === 'percent') return '%';
  const words = wordsOf(model.kind);
  return words.startsWith('per ') ? `${currency} ${words}` : words;
}
