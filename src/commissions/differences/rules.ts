import type { PlanComponent, PlanDefinition } from '../definitions/contract.ts';
import type { Difference, DifferenceKind, Value } from './types.ts';
import { alike, inUnit, listOf, oneOf, rateUnitOf, told, unitOfSetting, wayOf, wordsOf } from '../wording/rules.ts';

/** Where a comparison stands: for programs, for people, and in what its figures are counted. */
type Place = {
  readonly path: string;
  /** What it is a setting of: `Component lots, rule gold`; empty for the plan itself. */
  readonly of: string;
  /** The setting's own name, and the objects within `of` that lead to it: `model`. */
  readonly setting: string;
  readonly within: readonly string[];
  readonly unit: string | undefined;
};

type Tree = { readonly [setting: string]: Value };

/**
 * All differences between two definitions, in the order in which they stand there: settings that changed, parts that were added
 * or removed, and parts of a list whose order decides that moved. Nothing here knows of kinds: what a new kind can say is
 * compared like everything else. Figures that are the same number are the same (10 and 10.00).
 */
export function differencesOf(before: PlanDefinition, after: PlanDefinition): Difference[] {
  const names = new Set([...before.components, ...after.components].map(({ name }) => name));
  const found: Difference[] = [];
  const root: Place = { path: '', of: '', setting: '', within: [], unit: undefined };
  compareTrees(stored(before), stored(after), root, { found, alone: names.size === 1, currency: after.currency });
  return found;
}

/** A definition as the database has it, without what is undefined. */
const stored = (definition: PlanDefinition): Tree => JSON.parse(JSON.stringify(definition)) as Tree;

type Work = { readonly found: Difference[]; readonly alone: boolean; readonly currency: string };

const isTree = (value: Value | undefined): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function compareTrees(before: Tree, after: Tree, at: Place, work: Work): void {
  const settings = new Set([...Object.keys(before), ...Object.keys(after)]);
  if (before['kind'] !== undefined && before['kind'] !== after['kind']) {
    note(work, 'changed', at, before, after); // Another kind has other settings: it is told as a whole.
    return;
  }
  for (const setting of settings) {
    const unit = unitOf(setting, after, at, work);
    const path = at.path === '' ? setting : `${at.path}.${setting}`;
    const within = at.setting === '' ? at.within : [...at.within, at.setting];
    compare(before[setting], after[setting], { path, of: at.of, setting, within, unit }, work);
  }
}

/** In what the figures of a setting are counted: by its name, by the unit that its object names, or by the model. */
function unitOf(setting: string, tree: Tree, at: Place, { currency }: Work): string | undefined {
  if (setting === 'budget') return at.unit;
  const named = unitOfSetting(setting);
  if (named !== undefined) return named;
  if (setting === 'rules' && isTree(tree['model']))
    return rateUnitOf(tree['model'] as PlanComponent['model'], currency);
  if (tree['unit'] === 'percent') return '%';
  return tree['unit'] === 'amount' ? currency : undefined;
}

function compare(before: Value | undefined, after: Value | undefined, at: Place, work: Work): void {
  if (before === undefined || after === undefined) {
    if (before !== after) note(work, before === undefined ? 'added' : 'removed', at, before ?? null, after ?? null);
  } else if (Array.isArray(before) && Array.isArray(after)) compareLists(listOf(before), listOf(after), at, work);
  else if (isTree(before) && isTree(after)) compareTrees(before, after, at, work);
  else if (before !== after && wayOf(before, after) !== 'same') note(work, 'changed', at, before, after);
}

/** Lists of named things are compared by name, choices of words as sets, everything else by its place. */
function compareLists(before: readonly Value[], after: readonly Value[], at: Place, work: Work): void {
  const all = [...before, ...after];
  if (all.length > 0 && all.every((one) => typeof one === 'string' && wayOf(one, one) === undefined)) {
    for (const word of before) if (!after.includes(word)) noteWord(work, 'removed', at, told(word));
    for (const word of after) if (!before.includes(word)) noteWord(work, 'added', at, told(word));
    return;
  }
  const [were, are] = [keyed(before), keyed(after)];
  for (const [name, one] of were) if (!are.has(name)) note(work, 'removed', inside(at, name, work.alone), one, null);
  const order = [...are.keys()].filter((name) => were.has(name));
  const stayed = longestRising(order.map((name) => [...were.keys()].indexOf(name)));
  for (const [name, one] of are) {
    const item = inside(at, name, work.alone);
    const was = were.get(name);
    if (was === undefined) {
      note(work, 'added', item, null, one);
      continue;
    }
    if (!stayed.has(order.indexOf(name)))
      note(work, 'moved', item, [...were.keys()].indexOf(name) + 1, [...are.keys()].indexOf(name) + 1);
    if (isTree(was) && isTree(one)) compareTrees(was, one, { ...item, setting: '', within: [] }, work);
    else compare(was, one, item, work);
  }
}

/** The place of one thing of a list. A single component needs no name in front of all that is said of it. */
function inside(at: Place, name: string, alone = false): Place {
  const place = `${oneOf(at.setting)} ${name.replaceAll('_', ' ')}`;
  const list = at.within.length === 0 ? '' : ` of the ${at.within.map(wordsOf).toReversed().join(' of the ')}`;
  const of =
    alone && at.path === 'components' ? '' : [at.of, `${place}${list}`].filter((word) => word !== '').join(', ');
  return { path: `${at.path}[${name}]`, of, setting: at.setting, within: [], unit: at.unit };
}

/** The items of a list by their names, by their kinds, or by their places from 1; the second of a name has its number behind it. */
function keyed(list: readonly Value[]): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const [place, one] of list.entries()) {
    const own = isTree(one) ? (one['name'] ?? one['kind']) : undefined;
    const name = typeof own === 'string' ? own : String(place + 1);
    let free = name;
    for (let again = 2; found.has(free); again += 1) free = `${name} ${again}`;
    found.set(free, one);
  }
  return found;
}

/** Which places of a list of numbers belong to its longest rising run: what is not in it has moved. */
function longestRising(numbers: readonly number[]): ReadonlySet<number> {
  const best = numbers.map(() => ({ length: 1, before: -1 }));
  let end = -1;
  for (const [place, value] of numbers.entries()) {
    for (let earlier = 0; earlier < place; earlier += 1) {
      const length = (best[earlier]?.length ?? 0) + 1;
      if ((numbers[earlier] ?? 0) < value && length > (best[place]?.length ?? 0))
        best[place] = { length, before: earlier };
    }
    if ((best[place]?.length ?? 0) > (best[end]?.length ?? 0)) end = place;
  }
  const run = new Set<number>();
  for (let place = end; place >= 0; place = best[place]?.before ?? -1) run.add(place);
  return run;
}

function note({ found }: Work, change: DifferenceKind, at: Place, before: Value, after: Value): void {
  found.push({ change, path: at.path, before, after, sentence: sentenceOf(change, at, before, after) });
}

/** A word that came into a choice of words, or left it. */
function noteWord({ found }: Work, change: 'added' | 'removed', at: Place, word: string): void {
  const [before, after] = change === 'added' ? [null, word] : [word, null];
  const of = at.of === '' ? '' : `${capital(at.of)}: `;
  const sentence = `${of}${word} is ${change} ${change === 'added' ? 'to' : 'from'} the ${nameOf(at)}.`;
  found.push({ change, path: `${at.path}[${word}]`, before, after, sentence });
}

const nameOf = ({ setting, within }: Place): string => [setting, ...within.toReversed()].map(wordsOf).join(' of the ');

/** `Rule gold: the budget rises from 10.00 to 12.00 USD per lot.` */
function sentenceOf(change: DifferenceKind, at: Place, before: Value, after: Value): string {
  const { of, setting, unit } = at;
  if (at.path.endsWith(']')) {
    const thing = of === '' ? 'The component' : capital(of);
    if (change === 'added') return `${thing} is added: ${toldOf(after, unit)}.`;
    if (change === 'removed') return `${thing} is removed: ${toldOf(before, unit)}.`;
    if (change === 'moved') return `${thing} moves from place ${told(before)} to place ${told(after)}.`;
    return `${thing} ${changing(before, after, unit, false)}.`;
  }
  const subject = of === '' ? `The ${nameOf(at)}` : `${capital(of)}: the ${nameOf(at)}`;
  const isMany = /[^s]s$/.test(wordsOf(setting));
  if (change === 'added') return `${subject} ${isMany ? 'are' : 'is'} set to ${told(after, unit)}.`;
  if (change === 'removed')
    return `${subject} ${isMany ? 'are' : 'is'} not set any more, before ${told(before, unit)}.`;
  return `${subject} ${changing(before, after, unit === wordsOf(setting) ? undefined : unit, isMany)}.`;
}

/** A thing whose name was said already. */
const toldOf = (value: Value, unit: string | undefined): string =>
  isTree(value)
    ? told(Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'name')), unit)
    : told(value, unit);

function changing(before: Value, after: Value, unit: string | undefined, isMany: boolean): string {
  const way = wayOf(before, after);
  if (way === 'rises' || way === 'falls')
    return `${isMany ? way.slice(0, -1) : way} from ${told(alike(before, after))} to ${inUnit(told(alike(after, before)), unit)}`;
  return `${isMany ? 'change' : 'changes'} from ${told(before, unit)} to ${told(after, unit)}`;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
