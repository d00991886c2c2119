import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CountryCode, EmailText, emailKeyOf, NameOfPerson, PhoneText, ReasonText } from '../../src/kernel/contact.ts';

const outside = (path: string) => new URL(`../../../shared/external/${path}`, import.meta.url);
const read = (path: string) => readFileSync(outside(path), 'utf8');

describe('A telephone number', () => {
  it.each(['+4930901820', '+12015550123', '+6591234567', '+290512345', '+123456789012345'])('%s is one', (text) => {
    expect(PhoneText.parse(text)).toBe(text);
  });
  it.each(['4930901820', '+0301234567', '+49 30 901820', '+49', '+1234567890123456', '+٤٩٣٠٩٠١٨٢٠', '+49a3090182', ''])(
    '%j is none',
    (text) => {
      expect(PhoneText.safeParse(text).success).toBe(false);
    },
  );
  it.skipIf(!existsSync(outside('libphonenumber/examples.mobile.json')))(
    'of every country, with the country’s code before it, is one',
    () => {
      const examples = z.record(z.string(), z.string()).parse(JSON.parse(read('libphonenumber/examples.mobile.json')));
      // Its own code is at most three digits and no national number of theirs has more than twelve.
      const long = Object.values(examples).filter((national) => !PhoneText.safeParse(`+999${national}`).success);
      expect(Object.keys(examples).length).toBeGreaterThan(200);
      expect(long).toEqual([]);
    },
  );
});

describe('A name of a person', () => {
  it.each(['Kim', 'Łukasz Żółć', 'محمد رضا', 'नरेंद्र', 'می‌خواهم', 'O’Brien-Smith', '李', 'X Æ A-12'])(
    '%s is one',
    (name) => {
      expect(NameOfPerson.parse(name)).toBe(name);
    },
  );
  it.each(['', '   ', '\u200B', '\u00AD', 'gpj.\u202Eexe', 'a\u0000b', 'a\nb', 'a\u2028b', '\uD800', 'x'.repeat(101)])(
    '%j is none',
    (name) => {
      expect(NameOfPerson.safeParse(name).success).toBe(false);
    },
  );
  it('loses the space around it', () => {
    expect(NameOfPerson.parse('  Kim Novák ')).toBe('Kim Novák');
  });
  it.skipIf(!existsSync(outside('blns/blns.json')))('is never one that a database or a screen cannot show', () => {
    const naughty = z.array(z.string()).parse(JSON.parse(read('blns/blns.json')));
    const taken = naughty.flatMap((text) => NameOfPerson.safeParse(text).data ?? []);
    expect(taken.length).toBeGreaterThan(100); // SQL and markup are text like any other.
    for (const text of taken) expect(text).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
  });
});

describe('A country', () => {
  it.each(['de', 'DEU', 'XX', 'UK', ''])('%j is none', (code) => {
    expect(CountryCode.safeParse(code).success).toBe(false);
  });
  it.skipIf(!existsSync(outside('country-codes/country-codes.csv')))('is each that the published list has', () => {
    const [head = '', ...rows] = read('country-codes/country-codes.csv').split(/\r?\n/);
    expect(head).toContain('ISO3166-1-Alpha-2');
    // Quoted cells hold commas, so the column is looked for by the codes themselves: each is a cell of its own.
    for (const code of CountryCode.options)
      expect(
        rows.some((row) => row.includes(`,${code},`)),
        code,
      ).toBe(true);
    expect(CountryCode.options).toHaveLength(249);
  });
});

describe('An e-mail address', () => {
  it.each(['kim@example.com', 'Kim.Novak+fx@mail.example.co.uk', "o'brien@example.org"])('%s is one', (text) => {
    expect(EmailText.parse(text)).toBe(text);
  });
  it.each([
    'kim',
    'kim@localhost',
    '@example.com',
    'a..b@example.com',
    'a@b@example.com',
    `${'x'.repeat(250)}@example.com`,
    'a b@example.com',
    'kim@exam\u202Eple.com',
  ])('%j is none', (text) => {
    expect(EmailText.safeParse(text).success).toBe(false);
  });
  it('is one and the same in capitals', () => {
    expect(emailKeyOf('Kim@Example.COM')).toBe(emailKeyOf('kim@example.com'));
  });
});

describe('A reason', () => {
  it('is said in words', () => {
    expect(ReasonText.parse(' asked by the client ')).toBe('asked by the client');
    for (const text of ['', 'no', 'a\u0000bc', '\uD800abc', 'x'.repeat(501)])
      expect(ReasonText.safeParse(text).success).toBe(false);
  });
});
