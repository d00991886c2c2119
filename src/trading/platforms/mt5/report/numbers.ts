import { isDecimal } from '../../../../kernel/decimal.ts';

const INTEGER = /^-?(?:0|[1-9][0-9]{0,29})$/;

/**
 * The plain decimal of a number that a program wrote from a double: 0.99814000000000003 and 1E-05 become 0.99814 and
 * 0.00001. Whole numbers keep all their digits (tickets are longer than a double). Other texts come back as they are.
 */
export function plainNumberText(text: string): string {
  if (INTEGER.test(text)) return text;
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) return text;
  const shortest = String(number);
  // toFixed gives at most 20 useful decimals; the shortest form of a small double has an exponent.
  return isDecimal(shortest) ? shortest : number.toFixed(20).replace(/\.?0+$/, '');
}
