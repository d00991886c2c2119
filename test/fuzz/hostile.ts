import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

/** The Big List of Naughty Strings, read where it lies; a few of our own where it does not. */
const place = join(import.meta.dirname, '../../../shared/external/blns/blns.json');
const naughty: readonly string[] = existsSync(place)
  ? (JSON.parse(readFileSync(place, 'utf8')) as string[])
  : ['NaN', '../../etc/passwd', '<script>'];

/** What somebody writes who hopes that it becomes part of a statement or of an address. */
const injections = [
  `'; drop table identity.users; --`,
  `" or 1=1 --`,
  `name; select pg_sleep(10)`,
  `password_hash`,
  `id desc, (select secret from trading.sources)`,
  `identity.users.email`,
  `{"$ne":null}`,
  `%27%20union%20select%201--`,
  `../../../../etc/passwd`,
  `%00`,
  `\${jndi:ldap://x}`,
  `constructor`,
  `__proto__`,
  `toString`,
];

const broken = [
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff',
  '\u202e',
  '\ufeff',
  '\uffff',
  'ﷺ'.repeat(30),
  '\r\nX-Injected: 1',
  '٣٤٥',
];
const numbersAsText = [
  '0',
  '-1',
  '1e21',
  '1e3',
  ' ',
  '0x10',
  '1,000.00',
  'NaN',
  'Infinity',
  '9007199254740993',
  '0.0000001',
  '99999999999999999999999',
];

/** A text that is meant ill or goes wrong easily. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...naughty) },
  { weight: 3, arbitrary: fc.constantFrom(...injections) },
  { weight: 2, arbitrary: fc.constantFrom(...broken) },
  { weight: 2, arbitrary: fc.constantFrom(...numbersAsText) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 30_000 }).map((length) => 'x'.repeat(length)) },
);

const misfits: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e21,
  1e308,
  9_007_199_254_740_991,
  '',
  [],
  [[]],
  [null],
  ['a', 'b'],
  {},
  { $ne: null },
  { toString: 'x' },
  { length: -1 },
  { amount: '1' },
  { a: { b: { c: {} } } },
];

/** Anything in place of anything else. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: hostileText },
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(...misfits),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 500, max: 1_500 }).map((length) => Array.from({ length }, (_, index) => index)),
  },
);

/** What the server alone decides. */
export const ownedFields: fc.Arbitrary<readonly [string, unknown]> = fc.constantFrom<readonly [string, unknown]>(
  ['id', 'usr_01J9Z3K4M5N6P7Q8R9S0T1V2W3'],
  ['tenantId', 'tnt_01J9Z3K4M5N6P7Q8R9S0T1V2W3'],
  ['role', 'owner'],
  ['roles', ['owner']],
  ['balance', '1000000.00'],
  ['kycState', 'approved'],
  ['commissionRate', '100'],
  ['createdAt', '2020-01-01T00:00:00.000Z'],
  ['approvedBy', 'usr_01J9Z3K4M5N6P7Q8R9S0T1V2W3'],
  ['__proto__', { isAdmin: true }],
  ['constructor', { prototype: {} }],
);

/** Bodies that are no JSON as it is taken here. */
export const brokenBodies: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  fc.constantFrom(
    '',
    '{',
    '[]',
    'null',
    '"x"',
    '{"a":1,"a":2}',
    '{"__proto__":1}',
    '{"a":"\\ud800"}',
    '{"a":"\\u0000"}',
    '{"a":1e999}',
    '\ufeff{}',
    'a=b&c=d',
  ),
  fc.integer({ min: 15, max: 3_000 }).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`),
  fc.integer({ min: 15, max: 3_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
  fc.uint8Array({ maxLength: 200 }),
  fc.constant('x'.repeat(70_000)),
);
