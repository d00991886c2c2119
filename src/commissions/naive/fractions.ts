/** Fractions of any size for the naive engine, and its one rounding. It imports nothing of the product. */
export type Fraction = { readonly n: bigint; readonly d: bigint };

export const zero: Fraction = { n: 0n, d: 1n };
export const inUnits = (n: bigint): Fraction => ({ n, d: 1n });
export const plus = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d });
export const minus = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d - b.n * a.d, d: a.d * b.d });
export const times = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.n, d: a.d * b.d });
export const over = (a: Fraction, b: Fraction): Fraction => ({ n: a.n * b.d, d: a.d * b.n });
export const isAbove = (a: Fraction, b: Fraction): boolean => a.n * b.d > b.n * a.d;
export const sum = (all: Fraction[]): Fraction => all.reduce(plus, zero);

export function read(text: string): Fraction {
  if (text.startsWith('-')) return minus(zero, read(text.slice(1)));
  const [whole = '0', part = ''] = text.split('.');
  return { n: BigInt(whole + part), d: BigInt(`1${'0'.repeat(part.length)}`) };
}

/** Half to even: the text's only rounding. Everything here is at least 0. */
export function round({ n, d }: Fraction): bigint {
  const floor = n / d;
  const rest = n % d;
  if (rest * 2n === d) return floor % 2n === 0n ? floor : floor + 1n;
  return rest * 2n > d ? floor + 1n : floor;
}
