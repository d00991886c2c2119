import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeSealer } from '../../src/platform/crypto.ts';

const SECRET = 'a secret of at least thirty-two characters';

describe('A sealed text', () => {
  const sealer = makeSealer(SECRET, 'test');

  it('opens to what was sealed, and is sealed differently each time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
        const sealed = sealer.seal(text, context);
        expect(sealer.open(sealed, context)).toBe(text);
        expect(sealer.seal(text, context).equals(sealed)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });

  it('does not open with any byte changed, cut short, elsewhere, for another purpose or by another secret', () => {
    const sealed = sealer.seal('the words', 'row 1');
    for (let place = 0; place < sealed.length; place += 1) {
      const changed = Buffer.from(sealed);
      changed[place] = (changed[place] ?? 0) ^ 1;
      expect(() => sealer.open(changed, 'row 1')).toThrow(/not a sealed text|authenticat|auth/i);
      expect(() => sealer.open(sealed.subarray(0, place), 'row 1')).toThrow(/not a sealed text|authenticat|auth/i);
    }
    expect(() => sealer.open(sealed, 'row 2')).toThrow(/not a sealed text|authenticat|auth/i);
    expect(() => makeSealer(SECRET, 'other').open(sealed, 'row 1')).toThrow(/not a sealed text|authenticat|auth/i);
    expect(() => makeSealer(`${SECRET}!`, 'test').open(sealed, 'row 1')).toThrow(/not a sealed text|authenticat|auth/i);
  });
});
