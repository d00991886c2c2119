import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Hasher } from '../../src/identity/passwords/hashing.ts';
import { normalPassword, passwordFault } from '../../src/identity/passwords/rules.ts';
import { cheapSignIn } from '../support/sign-in.ts';

const ADDRESS = 'kim.lee@example.com';

describe('A new password', () => {
  it.each([
    'orange bicycle under the bridge',
    'Zß漢字かな交じり文の長い合言葉です',
    'no capitals no digits',
    '🦊🦊🐻🦊🦊🐻🐼🦊🐻🐼🦊🐻🐼🐼',
    'kim.lee likes long walks',
    'x7$kQ9!vR2#m',
    'a'.repeat(50) + ' and then something else',
  ])('may be "%s"', (password) => {
    expect(passwordFault(password, ADDRESS)).toBeUndefined();
  });

  it.each([
    ['orange bike', 'too_short'],
    ['🦊🐻🐼🦊🐻🐼🦊🐻🐼🦊🐻', 'too_short'],
    ['x y '.repeat(33), 'too_long'],
    ['my KIM.LEE@example.com', 'like_the_address'],
    ['123kim.lee456!', 'like_the_address'],
    ['Password2026!', 'too_common'],
    ['12345 qwerty 12345', 'too_common'],
    ['administrator1', 'too_common'],
    ['correct horse battery staple', 'too_common'],
    ['aaaaaaaaaaaaaaaa', 'too_common'],
    ['abcdabcdabcdabcd', 'too_common'],
    ['abcdefghijklm', 'too_common'],
    ['9876543210987', 'too_common'],
  ])('may not be "%s": %s', (password, fault) => {
    expect(passwordFault(password, ADDRESS)).toBe(fault);
  });

  it('is one with its other spellings in Unicode, and nothing of it is cut off', async () => {
    const hasher = new Hasher(cheapSignIn.hashing);
    const hashed = await hasher.hash('Ångström und ﬁnster 12');
    expect(await hasher.verify(hashed, 'A\u030Angstro\u0308m und finster 12')).toBe(true);
    const long = 'b'.repeat(127);
    expect(await hasher.verify(await hasher.hash(`${long}x`), `${long}y`)).toBe(false);
  });

  it('is counted in code points after it was brought into its normal form, whatever it is', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 160 }), (password) => {
        const fault = passwordFault(password, ADDRESS);
        const { length } = [...normalPassword(password)];
        expect(fault === 'too_short').toBe(length < 12);
        expect(fault === 'too_long').toBe(length > 128);
      }),
      { seed: 20_261_120 },
    ));
});
