/** Who a demo client is: nobody. Names are made up, domains are those of RFC 2606, numbers those that are kept for films. */
export type SeedPerson = {
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone: string;
  readonly country: string;
};

const FIRST_NAMES = ['Anna', 'Bilal', 'Carmen', 'Dmitri', 'Elif', 'Farid', 'Grace', 'Hugo', 'Iris', 'João', 'Keiko'];
const LAST_NAMES = ['Novák', 'Okafor', 'Rossi', 'Lindqvist', 'Haddad', 'Moreau', 'Tanaka', 'O’Brien', 'Silva'];
const DOMAINS = ['example.com', 'example.org', 'example.net'];

/**
 * Where nobody is called: 07700 900000 to 900999 (Ofcom, numbers for drama), +1 202 555 0100 to 0199 (NANPA), 030 23125 000
 * to 999 (Bundesnetzagentur), 06 39 98 00 00 to 99 99 (ARCEP).
 */
const COUNTRIES = [
  { country: 'GB', prefix: '+447700900', digits: 3, numbers: 1_000 },
  { country: 'US', prefix: '+12025550', digits: 3, first: 100, numbers: 100 },
  { country: 'DE', prefix: '+493023125', digits: 3, numbers: 1_000 },
  { country: 'FR', prefix: '+3363998', digits: 4, numbers: 10_000 },
] as const;

const nth = <Item>(items: readonly [Item, ...Item[]] | readonly Item[], place: number): Item => {
  const item = items[place % items.length];
  if (item === undefined) throw new RangeError('an empty list has no items');
  return item;
};
/** A name as the part of an address before the `@`: ASCII letters. */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replaceAll(/[^A-Za-z]/g, '')
    .toLowerCase();

/** The person at a place: the same one each time, and no two with one address. */
export function personOf(place: number): SeedPerson {
  const [firstName, lastName] = [nth(FIRST_NAMES, place), nth(LAST_NAMES, place)];
  const range = nth(COUNTRIES, place);
  const number = ('first' in range ? range.first : 0) + (place % range.numbers);
  return {
    name: `${firstName} ${lastName}`,
    firstName,
    lastName,
    email: `${plain(firstName)}.${plain(lastName)}.${place + 1}@${nth(DOMAINS, place)}`,
    phone: `${range.prefix}${String(number).padStart(range.digits, '0')}`,
    country: range.country,
  };
}
