import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;

const bigints = (text: string): bigint[] => (text === '{}' ? [] : text.slice(1, -1).split(',').map(BigInt));

/**
 * How columns arrive: bigint columns as bigint (a float would lose money), dates as their text (a date has no zone),
 * everything else as the driver gives it. Per pool and not global, because other packages share the driver.
 */
export const columnTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    if (format !== 'binary') {
      if (oid === INT8) return BigInt;
      if (oid === INT8_ARRAY) return bigints;
      if (oid === DATE) return String;
    }
    return pg.types.getTypeParser(oid, format);
  },
};
