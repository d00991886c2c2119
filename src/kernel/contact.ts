import { z } from 'zod';

/** Officially assigned codes of ISO 3166-1 alpha-2. */
const COUNTRIES = (
  'AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ ' +
  'CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO ' +
  'FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE ' +
  'JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO ' +
  'MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW ' +
  'PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM ' +
  'TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW'
).split(' ');

const EMAIL_CHARACTERS_MAX = 254; // RFC 5321, section 4.5.3.1.3: a path has 256, its two brackets included.
const NAME_CHARACTERS_MAX = 100;
/** Neither control characters nor the marks that turn the direction of text, by which a name shows as another; something visible. */
const NAME_FORM =
  /^(?=.*[^\s\p{M}\p{Cf}])[^\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]+$/u;

/** A country by its code of ISO 3166-1 alpha-2, in capitals. */
export const CountryCode = z
  .enum(COUNTRIES)
  .meta({ id: 'CountryCode', description: 'A country, ISO 3166-1 alpha-2.', examples: ['DE'] });

/** An e-mail address: letters, digits and a few signs of ASCII before the `@`, a domain with a dot behind it. */
export const EmailText = z
  .email()
  .max(EMAIL_CHARACTERS_MAX)
  .meta({ examples: ['kim@example.com'] });

/**
 * By what an address is compared and looked for: all in small letters. RFC 5321 (section 2.4) lets a mailbox tell small
 * letters from capitals, but none that people have does, and two users whose addresses differ by a capital are one person.
 */
export const emailKeyOf = (email: string): string => email.toLowerCase();

/**
 * A telephone number in the form of ITU-T E.164: `+`, the country's code and the rest, at most 15 digits and, by our own
 * rule, at least 7. Neither spaces nor a leading zero: whoever asks people for it takes those out.
 */
export const PhoneText = z
  .string()
  .regex(/^\+[1-9][0-9]{6,14}$/, 'is no number in the form of E.164, such as +4930901820')
  .meta({ description: 'A telephone number, E.164.', examples: ['+4930901820'] });

/** A name of a person or company, in any script: 1 to 100 characters, at least one that is seen, none that turns the direction of text. */
export const NameOfPerson = z
  .string()
  .trim()
  .min(1)
  .max(NAME_CHARACTERS_MAX)
  .regex(NAME_FORM, 'holds a character that names do not have')
  .meta({ examples: ['Kim Novák'] });

const REASON_CHARACTERS_MAX = 500;

/** Why somebody does something, in his own words, for the record. It is kept for ever: no personal data belong in it. */
export const ReasonText = z
  .string()
  .trim()
  .min(3)
  .max(REASON_CHARACTERS_MAX)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'holds a control character')
  .meta({
    description: 'Why, for the record; without personal data.',
    examples: ['The client asked for it by telephone'],
  });
