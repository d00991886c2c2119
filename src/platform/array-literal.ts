const SPECIAL = /["\\]/g;

/**
 * A flat list as the text of a Postgres array, or undefined where it holds something else than numbers, texts, booleans,
 * instants and nulls. The driver can do it too, but looks at each value in several ways: a batch has thirty lists of a
 * thousand values, and this is ten times as quick.
 */
export function arrayLiteral(values: readonly unknown[]): string | undefined {
  const parts: string[] = [];
  for (const value of values) {
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') parts.push(String(value));
    else if (typeof value === 'string') parts.push(`"${value.replace(SPECIAL, '\\$&')}"`);
    else if (value === null || value === undefined) parts.push('NULL');
    else if (value instanceof Date) parts.push(`"${value.toISOString()}"`);
    else return undefined;
  }
  return `{${parts.join(',')}}`;
}
