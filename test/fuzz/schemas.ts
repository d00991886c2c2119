import fc from 'fast-check';

/** A schema of the description (JSON Schema 2020-12). */
export type Schema = { readonly [keyword: string]: unknown };

/** Ids that answers have shown, by their prefix: they are tried again in the place of ids. */
export class KnownIds {
  readonly #byPrefix = new Map<string, string[]>();

  /** Keeps every id in a text of JSON, some hundred of each kind. */
  harvest(text: string): void {
    for (const [id] of text.matchAll(/\b[a-z]{3}_[0-7][0-9A-HJKMNP-TV-Z]{25}\b/g)) {
      const known = this.#byPrefix.get(id.slice(0, 3)) ?? [];
      this.#byPrefix.set(id.slice(0, 3), known);
      if (known.length < 300 && !known.includes(id)) known.push(id);
    }
  }

  some(prefix: string, pick: number): string | undefined {
    const known = this.#byPrefix.get(prefix);
    return known?.[pick % known.length];
  }
}

const NUMBER_MAX = 1_000_000;
const DEPTH_MAX = 6;
const ID_PATTERN = /^\^([a-z]{3})_\[0-7\]/;

const formats: Readonly<Record<string, fc.Arbitrary<string>>> = {
  email: fc.integer({ min: 0, max: 1e9 }).map((number) => `kim-${number}@example.com`),
  'date-time': fc
    .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  date: fc
    .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  uuid: fc.uuid(),
  uri: fc.webUrl(),
  ipv4: fc.ipV4(),
  ipv6: fc.ipV6(),
};

/** Values that are as a schema wants them, at its bounds too. What cannot be made from a pattern is any short text. */
export class Values {
  readonly #root: Schema;
  readonly #ids: KnownIds;

  constructor(root: Schema, ids: KnownIds) {
    this.#root = root;
    this.#ids = ids;
  }

  of(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
    const ref = schema['$ref'];
    if (typeof ref === 'string') return this.of(this.#at(ref), depth + 1);
    if (depth > DEPTH_MAX) return fc.constant(null);
    if ('const' in schema) return fc.constant(schema['const']);
    if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
    const choices = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
    if (choices !== undefined) return fc.oneof(...choices.map((each) => this.of(each, depth + 1)));
    const parts = schema['allOf'] as Schema[] | undefined;
    if (parts !== undefined)
      return fc
        .tuple(...parts.map((each) => this.of(each, depth + 1)))
        .map((all) => Object.assign({}, ...all) as unknown);
    const types = [schema['type']].flat();
    return fc.oneof(...types.map((type) => this.#ofType(type, schema, depth)));
  }

  #at(pointer: string): Schema {
    let found: unknown = this.#root;
    for (const part of pointer.slice(2).split('/'))
      found = (found as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')];
    return found as Schema;
  }

  #ofType(type: unknown, schema: Schema, depth: number): fc.Arbitrary<unknown> {
    if (type === 'string') return this.#text(schema);
    if (type === 'boolean') return fc.boolean();
    if (type === 'null') return fc.constant(null);
    const least = Number(schema['minimum'] ?? -NUMBER_MAX);
    const most = Number(schema['maximum'] ?? NUMBER_MAX);
    if (type === 'integer') {
      const [min, max] = [Math.max(least, -Number.MAX_SAFE_INTEGER), Math.min(most, Number.MAX_SAFE_INTEGER)];
      return fc.oneof(
        fc.integer({ min: Math.max(min, -NUMBER_MAX), max: Math.min(max, NUMBER_MAX) }),
        fc.constantFrom(min, max),
      );
    }
    if (type === 'number') return fc.double({ min: least, max: most, noNaN: true });
    if (type === 'array') return this.#list(schema, depth);
    if (type === 'object') return this.#object(schema, depth);
    return fc.jsonValue({ maxDepth: 2 });
  }

  #list(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    const fixed = schema['prefixItems'] as Schema[] | undefined;
    if (fixed !== undefined) return fc.tuple(...fixed.map((each) => this.of(each, depth + 1)));
    const minLength = Number(schema['minItems'] ?? 0);
    const maxLength = Math.min(Number(schema['maxItems'] ?? 4), minLength + 4);
    return fc.array(this.of((schema['items'] ?? {}) as Schema, depth + 1), { minLength, maxLength });
  }

  #object(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
    const required = (schema['required'] ?? []) as string[];
    const model = Object.fromEntries(properties.map(([name, each]) => [name, this.of(each, depth + 1)]));
    return fc.record(model, { requiredKeys: required.filter((name) => name in model) });
  }

  #text(schema: Schema): fc.Arbitrary<string> {
    const minLength = Number(schema['minLength'] ?? 0);
    const maxLength = Math.max(minLength, Math.min(Number(schema['maxLength'] ?? 40), 2_000));
    const pattern = typeof schema['pattern'] === 'string' ? schema['pattern'] : undefined;
    const known = formats[String(schema['format'])];
    if (known !== undefined) return known;
    if (pattern === undefined) {
      const short = Math.max(minLength, Math.min(maxLength, 30));
      return fc.oneof(
        { weight: 6, arbitrary: fc.string({ minLength, maxLength: short }) },
        { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength, maxLength: short }) },
        { weight: 1, arbitrary: fc.constant('x'.repeat(maxLength)) },
      );
    }
    const prefix = ID_PATTERN.exec(pattern)?.[1];
    const made = madeFrom(pattern);
    if (prefix === undefined) return made;
    return fc
      .tuple(made, fc.nat(), fc.boolean())
      .map(([fresh, pick, isKnown]) => (isKnown ? this.#ids.some(prefix, pick) : undefined) ?? fresh);
  }
}

const patterns = new Map<string, fc.Arbitrary<string>>();

/** Texts of a pattern; some of what patterns can say cannot be turned round, and gives any text. */
function madeFrom(pattern: string): fc.Arbitrary<string> {
  const found = patterns.get(pattern);
  if (found !== undefined) return found;
  let made: fc.Arbitrary<string>;
  try {
    made = fc.stringMatching(new RegExp(pattern, 'u'));
    fc.sample(made, { numRuns: 1, seed: 1 });
  } catch {
    made = fc.constantFrom('USD', '12.34', '0', 'abc', '2026-01-01T00:00:00.000Z');
  }
  patterns.set(pattern, made);
  return made;
}
