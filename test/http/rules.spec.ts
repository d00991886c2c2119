import fc from 'fast-check';
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { platformProblem } from '../../src/platform/errors.ts';
import { pageQuery } from '../../src/kernel/operation.ts';
import { ReasonText } from '../../src/kernel/contact.ts';
import {
  faultsOf,
  forwardedHost,
  problemDocument,
  publicHost,
  readQuery,
  retryAfterSecondsOf,
  saneRequestId,
  traceIdOf,
} from '../../src/http/rules.ts';

describe('What a request says of itself', () => {
  it.each([
    // Without a setting: the port that was asked where we listen there, or on this machine; else the scheme's own.
    ['acme.example.com', true, {}, 'acme.example.com'],
    ['acme.example.com:6666', true, {}, 'acme.example.com'],
    ['acme.example.com:6666', false, { listening: 3000 }, 'acme.example.com'],
    ['ACME.example.com:3000', false, { listening: 3000 }, 'acme.example.com:3000'],
    ['acme.localhost:6666', false, { listening: 3000 }, 'acme.localhost:3000'],
    ['acme.localhost', false, { listening: 3000 }, 'acme.localhost:3000'],
    ['acme.localhost:80', false, { listening: 80 }, 'acme.localhost'],
    ['acme.localhost:6666', true, {}, 'acme.localhost'],
    ['127.0.0.1:6666', false, { listening: 3000 }, '127.0.0.1:3000'],
    ['[::1]:6666', false, { listening: 3000 }, '[::1]:3000'],
    // With the setting: that one.
    ['acme.example.com:6666', true, { setting: 8443, listening: 3000 }, 'acme.example.com:8443'],
    ['acme.localhost:3000', false, { setting: 5173, listening: 3000 }, 'acme.localhost:5173'],
    ['acme.example.com', true, { setting: 443 }, 'acme.example.com'],
  ])('names a host, and no port that is not ours: %s, by TLS: %s, %o', (host, isSecure, ports, expected) => {
    expect(publicHost({ host, isSecure }, ports)).toBe(expected);
  });

  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  it.each([
    [`00-${trace}-00f067aa0ba902b7-01`, trace],
    [`cc-${trace}-00f067aa0ba902b7-01-what-a-later-version-adds`, trace],
    [`ff-${trace}-00f067aa0ba902b7-01`, undefined],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    [`00-${trace}-${'0'.repeat(16)}-01`, undefined],
    [`00-${trace.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('belongs to a trace as W3C Trace Context defines it: %s', (header, expected) => {
    expect(traceIdOf(header)).toBe(expected);
  });

  it('is an id that can stand in logs and headers as it is, or none', () => {
    fc.assert(fc.property(fc.string(), (text) => saneRequestId(text) === undefined || /^[\w.-]{8,128}$/.test(text)));
    expect(saneRequestId('0af7651916cd43dd')).toBe('0af7651916cd43dd');
  });

  it('is the last of several forwarded hosts, which the trusted proxy added itself', () => {
    expect([forwardedHost('acme.example'), forwardedHost('evil.example, acme.example ')]).toEqual([
      'acme.example',
      'acme.example',
    ]);
  });

  it('has each parameter once; what was written by the standard encoder is read back', () => {
    const parameters = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(parameters, (wanted) => {
        const read = readQuery(`/path?${new URLSearchParams(wanted).toString()}`);
        expect(new Map(Object.entries('query' in read ? read.query : {}))).toEqual(new Map(Object.entries(wanted)));
      }),
    );
    expect(readQuery('/path?a=1&b=2&a=1')).toEqual({ repeated: 'a' });
  });
});

describe('What a caller is told of our own failures', () => {
  it('is the code and when to come back, but no detail and no member', () => {
    const problem = platformProblem('platform.unavailable', {
      detail: 'host db-7',
      database: 'acme',
      retryAfterSeconds: 1.2,
    });
    expect(problemDocument(problem, 'https://docs.example.com/errors', 'req_1')).toEqual({
      type: 'https://docs.example.com/errors#platform.unavailable',
      title: 'A part of the system is not reachable at the moment',
      status: 503,
      instance: 'urn:request:req_1',
      code: 'platform.unavailable',
    });
    expect(retryAfterSecondsOf(problem)).toBe(2);
    expect(retryAfterSecondsOf(platformProblem('platform.internal'))).toBeUndefined();
  });
});

describe('What a caller is told of his own mistakes', () => {
  const told = (schema: z.ZodType, value: unknown): string[] => {
    const parsed = schema.safeParse(value, { reportInput: true });
    return parsed.success ? [] : faultsOf(parsed.error).map(({ path, message }) => `${path} ${message}`);
  };

  it('is in words for people: what is missing, what may stand there, and never a list that is cut off', () => {
    const many = z.enum(Array.from({ length: 40 }, (_none, number) => `value-${number}`) as [string, ...string[]]);
    const schema = z.strictObject({ name: z.string(), few: z.enum(['a', 'b']), many, rows: z.array(z.string()) });
    expect(told(schema, {})).toEqual(['name is missing', 'few is missing', 'many is missing', 'rows is missing']);
    expect(told(schema, { name: 1, few: 'c', many: 'c', rows: [] })).toEqual([
      'name Invalid input: expected string, received number',
      'few is none of: a, b',
      'many is none of the 40 values of the description',
    ]);
  });

  it('names both bounds of a page, and of an empty reason that it is too short', () => {
    const list = pageQuery(['name'], {});
    for (const limit of ['0', '201', '999', '1000', '1e2'])
      expect(told(list, { limit })).toEqual(['limit is no whole number from 1 to 200']);
    expect(told(ReasonText, '')).toEqual([' Too small: expected string to have >=3 characters']);
  });
});
