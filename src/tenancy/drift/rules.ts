import type { CatalogueObject } from './types.ts';

const LENGTH_MAX = 120;
/** Parts of a definition that are too long to be shown beside each other. */
const LONG_FACTS = new Set(['definition']);

/** What differs between two catalogues, a sentence each; what belongs to a missing or additional object is not told again. */
export function differences(expected: readonly CatalogueObject[], found: readonly CatalogueObject[]): string[] {
  const keyOf = (object: CatalogueObject): string => `${object.kind} ${object.name}`;
  const wanted = new Map(expected.map((object) => [keyOf(object), object]));
  const present = new Map(found.map((object) => [keyOf(object), object]));
  const sentences: string[] = [];
  const inOneOnly = (object: CatalogueObject): boolean => {
    const { parent } = object;
    return parent !== null && wanted.has(parent) !== present.has(parent);
  };
  for (const [key, object] of wanted) {
    const other = present.get(key);
    if (other !== undefined) sentences.push(...compareFacts(key, object.facts, other.facts));
    else if (!inOneOnly(object)) sentences.push(`${key} is missing`);
  }
  for (const [key, object] of present)
    if (!wanted.has(key) && !inOneOnly(object)) sentences.push(`${key} is not in the template`);
  return sentences.sort();
}

function compareFacts(key: string, wanted: CatalogueObject['facts'], present: CatalogueObject['facts']): string[] {
  const facts = new Set([...Object.keys(wanted), ...Object.keys(present)]);
  return [...facts]
    .filter((fact) => shown(wanted[fact]) !== shown(present[fact]))
    .map((fact) => {
      if (fact === 'grants') return `${key}: ${changedGrants(wanted[fact], present[fact])}`;
      if (LONG_FACTS.has(fact) && `${shown(wanted[fact])}${shown(present[fact])}`.length > LENGTH_MAX)
        return `${key}: its ${fact} differs from the template's`;
      return `${key}: ${fact} is ${shown(present[fact])}, in the template ${shown(wanted[fact])}`;
    });
}

function changedGrants(wanted: unknown, present: unknown): string {
  const before = new Set(Array.isArray(wanted) ? wanted.map(String) : []);
  const after = new Set(Array.isArray(present) ? present.map(String) : []);
  const added = [...after].filter((grant) => !before.has(grant));
  const gone = [...before].filter((grant) => !after.has(grant));
  return [
    ...added.map((grant) => `grant ${grant} is not in the template`),
    ...gone.map((grant) => `grant ${grant} is missing`),
  ].join(', ');
}

const shown = (value: unknown): string =>
  value === null || value === undefined ? 'absent' : typeof value === 'string' ? value : JSON.stringify(value);

/** Replaces the names of roles, which differ from tenant to tenant, by what they are; the order of grants means nothing. */
export function inRoles(
  objects: readonly CatalogueObject[],
  words: Readonly<Record<string, string>>,
): CatalogueObject[] {
  const word = (name: string): string => (Object.hasOwn(words, name) ? (words[name] ?? name) : name);
  // A grant reads `grantee=rights/grantor`, a name being quoted where it holds more than letters, digits and _.
  const grant = (text: string): string => {
    const [, to = '', rights = '', from = ''] = /^"?(.*?)"?=(.*)\/"?(.*?)"?$/.exec(text) ?? [];
    return `${word(to)}=${rights}/${word(from)}`;
  };
  return objects.map((object) => ({
    ...object,
    name: object.kind === 'role' ? word(object.name) : object.name,
    facts: Object.fromEntries(
      Object.entries(object.facts).map(([fact, value]) => {
        if (fact === 'owner' && typeof value === 'string') return [fact, word(value)];
        if (fact === 'grants' && Array.isArray(value)) return [fact, value.map(String).map(grant).sort()];
        return [fact, value];
      }),
    ),
  }));
}
