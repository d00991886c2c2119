// Looks at what the API of the project in the folder given says of itself: `description.ts <folder>`. One line per fault; exit code 1 if any.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { problemCatalogue } from '../../src/kernel/problem.ts';
import type { OperationForm } from '../../src/kernel/operation.ts';
import { type ApiDescription, describeApi } from '../../src/http/index.ts';

/** What the linter demands beyond its own strict set. */
const RULES = {
  'operation-tag-defined': 'error',
  'operation-description': 'error',
  'operation-singular-tag': 'error',
  'operation-4xx-problem-details-rfc7807': 'error',
  'path-params-defined': 'error',
  'path-http-verbs-order': 'error',
  'array-parameter-serialization': 'error',
  'component-name-unique': 'error',
  'spec-strict-refs': 'error',
  // Only some of the security schemes and headers are used while only some of the features are there.
  'no-unused-components': 'off',
  // `/users/invitations/{id}` and `/users/{id}/resume` are told apart: what is written out comes before what is not.
  'no-ambiguous-paths': 'off',
} as const;

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly [keyword: string]: unknown;
};

/** A field of a noun that everybody uses says what it is; a noun that it is made of says it for it. */
function* undescribed(name: string, schema: Schema): Generator<string> {
  if (schema.description === undefined && schema.$ref === undefined) yield `${name} has no description`;
  for (const [field, inner] of Object.entries(schema.properties ?? {}))
    if (inner.description === undefined && !JSON.stringify(inner).includes('"$ref"'))
      yield `${name}.${field} has no description`;
}

/** Whatever is sent is bounded: texts by a length, a pattern, a format or a list of words, arrays by a number. */
function* unbounded(place: string, schema: Schema, depth = 0): Generator<string> {
  if (depth > 12) return;
  const isText = schema.type === 'string';
  const bounds = ['maxLength', 'pattern', 'format', 'enum', 'const'];
  if (isText && bounds.every((each) => schema[each] === undefined)) yield `${place}: a text without a bound`;
  if (schema.type === 'array' && schema.maxItems === undefined && schema['prefixItems'] === undefined)
    yield `${place}: an array without a bound`;
  for (const [field, inner] of Object.entries(schema.properties ?? {}))
    yield* unbounded(`${place}.${field}`, inner, depth + 1);
  if (schema.items !== undefined) yield* unbounded(`${place}[]`, schema.items, depth + 1);
  for (const inner of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])])
    yield* unbounded(place, inner, depth + 1);
}

function* faultsOfOperations(operations: readonly OperationForm[]): Generator<string> {
  const seen = new Set<string>();
  for (const { id, problems, path, isIdempotent, need } of operations) {
    if (!/^[a-z][a-zA-Z0-9]*$/.test(id)) yield `${id} is no name in camelCase`;
    if (seen.has(id)) yield `${id} names two operations`;
    seen.add(id);
    for (const code of problems) if (!problemCatalogue().has(code)) yield `${id}: nobody declares the problem ${code}`;
    if (isIdempotent === true && typeof need === 'string' && need !== 'signed_in')
      yield `${id} is done once for a key, and nobody is known whose key it is`;
    if (!path.startsWith('/')) yield `${id}: ${path} is no path`;
  }
}

function* faultsOfSchemas({ components, paths }: ApiDescription): Generator<string> {
  for (const [name, schema] of Object.entries(components?.schemas ?? {})) yield* undescribed(name, schema as Schema);
  for (const [path, item] of Object.entries(paths ?? {}))
    for (const [method, described] of Object.entries(
      item as Record<string, { requestBody?: { content?: Record<string, { schema?: Schema }> } }>,
    )) {
      const schema = described.requestBody?.content?.['application/json']?.schema;
      if (schema === undefined) continue;
      const name = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? '')?.[1];
      const found = name === undefined ? schema : ((components?.schemas?.[name] ?? {}) as Schema);
      yield* unbounded(`${method} ${path}`, found);
    }
}

async function faultsOf(operations: readonly OperationForm[]): Promise<string[]> {
  const faults = [...faultsOfOperations(operations)];
  if (faults.length > 0) return faults; // What is described twice cannot be described.
  const description = describeApi(operations, '0.0.0', 'https://docs.example.com/errors');
  const config = await createConfig({ extends: ['recommended-strict'], rules: RULES });
  const source = JSON.stringify(description);
  const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config });
  const linted = problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer?.replaceAll('~1', '/') ?? ''}`,
  );
  return [...linted, ...faultsOfSchemas(description)];
}

const place = resolve(process.argv[2] ?? '.', 'src/main/api-routes.ts');
if (existsSync(place)) {
  const { allOperations } = (await import(place)) as { allOperations: () => readonly OperationForm[] };
  const faults = await faultsOf(allOperations());
  for (const fault of faults) console.log(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
