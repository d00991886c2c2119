import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskDocument, maskEmail, maskPhone, shownField } from '../../src/platform/masks.ts';

const label = fc.stringMatching(/^[a-z0-9]{3,12}$/);
const email = fc.record({
  local: fc.stringMatching(/^[a-z0-9._+-]{2,20}$/),
  name: label,
  top: fc.constantFrom('com', 'de', 'io'),
});

describe('A masked field', () => {
  it('leaves of an e-mail address the first character of either side and the last label', () => {
    expect(maskEmail('maria.lopez@example.com')).toBe('m***@e***.com');
    expect(maskEmail('m@mail.example.co.uk')).toBe('m***@m***.uk');
    expect(maskEmail('root@localhost')).toBe('r***@l***');
    expect(maskEmail('😀smile@😀.de')).toBe('😀***@😀***.de');
  });

  it('leaves of a telephone number the last two digits, and nothing of a short one', () => {
    expect(maskPhone('+34 600 123 456')).toBe('***56');
    expect(maskPhone('11 22')).toBe('***');
  });

  it('is the same for all addresses that share what is shown, so that nothing else can be read out of it', () => {
    fc.assert(
      fc.property(email, email, (one, other) => {
        const same = { ...other, local: one.local.slice(0, 1) + other.local, name: one.name.slice(0, 1) + other.name };
        const text = ({ local, name, top }: typeof one) => `${local}@${name}.${top}`;
        expect(maskEmail(text(one))).toBe(maskEmail(text({ ...same, top: one.top })));
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^\d{4,12}$/), fc.stringMatching(/^\d{4,12}$/), (one, other) => {
        expect(maskPhone(`+${one}56`)).toBe(maskPhone(`00${other}56`));
        expect(maskDocument(one)).toBe(maskDocument(other));
      }),
    );
  });

  it('never throws and never grows with what it hides', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(maskPhone(text).length).toBeLessThanOrEqual(5);
        expect(maskDocument(text)).toBe('***');
        if (!text.includes('@')) expect(maskEmail(text)).toBe('***');
      }),
    );
  });

  it('is shown as it is to whom the table of rights does not mask it', () => {
    expect(shownField(new Set(), 'email', 'maria@example.com')).toBe('maria@example.com');
    expect(shownField(new Set(['email']), 'email', 'maria@example.com')).toBe('m***@e***.com');
    expect(shownField(new Set(['email']), 'phone', '+34600123456')).toBe('+34600123456');
    expect(shownField(new Set(['phone']), 'phone', null)).toBeNull();
  });
});
