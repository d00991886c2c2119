import fc from 'fast-check';
import { brokenBodies, hostileText, hostileValue, ownedFields } from './hostile.ts';
import type { Schema, Values } from './schemas.ts';

/** A request as it is sent. */
export type Input = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
};

type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
  readonly $ref?: string;
};
type Described = {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
};

/** Requests to an operation: valid ones, such at the bounds, and such with one or several things wrong. */
export function inputsOf(path: string, described: Described, values: Values): fc.Arbitrary<Input> {
  const parameters = described.parameters ?? [];
  const inPath = parameters.filter((each) => each.in === 'path');
  const inQuery = parameters.filter((each) => each.in === 'query');
  const isKeyed = parameters.some((each) => each.$ref?.endsWith('/IdempotencyKey') === true);
  return fc
    .record({
      params: fc.tuple(...inPath.map((each) => mostly(9, textOf(values, each), hostileText))),
      query: queryOf(values, inQuery),
      body: bodyOf(values, described),
      type: mostly(
        19,
        fc.constant('application/json'),
        fc.constantFrom('text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16'),
      ),
      key: mostly(9, fc.uuid(), fc.constantFrom('', 'x'.repeat(300), 'one')),
    })
    .map(({ params, query, body, type, key }) => {
      const named = new Map(inPath.map((each, index) => [each.name, params[index] ?? '']));
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encoded(named.get(name) ?? ''));
      return {
        path: query === '' ? filled : `${filled}?${query}`,
        headers: {
          ...(body === undefined
            ? {}
            : {
                'content-type':
                  described.requestBody?.content['application/json'] === undefined ? 'application/x-ndjson' : type,
              }),
          ...(isKeyed ? { 'idempotency-key': key } : {}),
        },
        body,
      };
    });
}

const mostly = <Value>(weight: number, usual: fc.Arbitrary<Value>, other: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: other });

/** Halves of characters have no place in an address; everything else is sent as it is meant. A dot alone would be another address. */
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed()).replace(/^\.{1,2}$/, '%2E') || '%20';

const textOf = (values: Values, { schema }: Parameter): fc.Arbitrary<string> =>
  values.of(schema ?? {}).map((value) => (typeof value === 'string' ? value : JSON.stringify(value ?? '')));

/** Parameters: listed ones, some with what does not belong there, and now and then one that is not listed or stands twice. */
function queryOf(values: Values, parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const listed = parameters.map((each) =>
    fc.tuple(
      fc.constant(each.name),
      fc.oneof(
        { weight: each.required === true ? 8 : 3, arbitrary: textOf(values, each) },
        { weight: each.required === true ? 1 : 5, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: hostileText },
      ),
    ),
  );
  const strange = fc.constantFrom(
    'sort[]',
    'filter[$ne]',
    'q[]',
    'x',
    '__proto__',
    'constructor',
    'limit',
    'cursor',
    'sort',
    'q',
  );
  const further = fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.tuple(strange, hostileText) },
  );
  return fc
    .tuple(fc.tuple(...listed), further)
    .map(([pairs, more]) =>
      [...pairs, ...(more === undefined ? [] : [more])]
        .flatMap(([name, value]) =>
          value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`],
        )
        .join('&'),
    );
}

function bodyOf(values: Values, { requestBody }: Described): fc.Arbitrary<string | Uint8Array | undefined> {
  if (requestBody === undefined) return mostly(19, fc.constant(undefined), fc.constant('{}'));
  const schema = requestBody.content['application/json']?.schema;
  if (schema === undefined) return brokenBodies;
  const good = values.of(schema);
  const bad = fc
    .tuple(good, fc.nat(), fc.nat(), hostileValue, ownedFields)
    .map(([value, kind, place, hostile, owned]) => spoiled(value, kind % 4, place, hostile, owned));
  return fc.oneof(
    { weight: 6, arbitrary: good.map((value) => JSON.stringify(value)) },
    { weight: 6, arbitrary: bad.map((value) => JSON.stringify(value) ?? 'null') },
    { weight: 1, arbitrary: brokenBodies },
  );
}

/** A value with one thing wrong: a part of another kind, a part too much, one of the server's own, or one missing. */
function spoiled(
  value: unknown,
  kind: number,
  place: number,
  hostile: unknown,
  [name, owned]: readonly [string, unknown],
): unknown {
  const parts: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
  const copy: unknown = structuredClone(value);
  collect(copy, parts);
  const part = parts[place % Math.max(1, parts.length)];
  if (kind === 0 || part === undefined) return parts.length === 0 ? hostile : { ...(copy as object), [name]: owned };
  if (kind === 1) Reflect.deleteProperty(part.holder, part.key);
  else part.holder[part.key] = hostile;
  return copy;
}

function collect(value: unknown, parts: { holder: Record<string, unknown>; key: string }[]): void {
  if (typeof value !== 'object' || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) {
    parts.push({ holder, key });
    collect(holder[key], parts);
  }
}
