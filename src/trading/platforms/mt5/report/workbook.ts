import { inflateRawSync } from 'node:zlib';
import { readSheet } from 'read-excel-file/universal';
import { Problem } from '../../../../kernel/problem.ts';
import { reportProblem } from '../../../errors.ts';
import { plainNumberText } from './numbers.ts';
import type { Grid } from './grid.ts';

/** What a workbook may unpack to. A report of 100 000 deals has about 60 MiB of XML. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;
const ENTRIES_MAX = 200;

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const DEFLATED = 8;

const foreign = (detail: string, cause?: unknown) => reportProblem('trading.report_foreign', { detail, cause });

/**
 * Unpacks every entry that the archive's directory names, within a budget, and throws the result away: the reader
 * below trusts the sizes that the file states, so that a small file could fill the memory.
 */
function checkUnpackedSize(bytes: Buffer, unpackedBytesMax: number): void {
  const tail = bytes.subarray(Math.max(0, bytes.length - 65_557));
  const at = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (at < 0 || tail.length - at < 22 || tail.readUInt32LE(at) !== END_OF_DIRECTORY)
    throw foreign('The archive has no directory');
  const count = tail.readUInt16LE(at + 10);
  if (count > ENTRIES_MAX) throw reportProblem('trading.report_too_large', { detail: `An archive of ${count} files` });
  let budget = unpackedBytesMax;
  let entry = tail.readUInt32LE(at + 16);
  for (let index = 0; index < count; index += 1) {
    if (bytes.readUInt32LE(entry) !== DIRECTORY_ENTRY) throw foreign('The archive is damaged');
    const packed = bytes.readUInt32LE(entry + 20);
    const stated = bytes.readUInt32LE(entry + 24);
    const local = bytes.readUInt32LE(entry + 42);
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const data = bytes.subarray(from, from + packed);
    const real = bytes.readUInt16LE(entry + 10) === DEFLATED && budget > 0 ? unpackedSize(data, budget) : data.length;
    budget -= Math.max(real, stated);
    if (budget < 0)
      throw reportProblem('trading.report_too_large', { detail: `More than ${unpackedBytesMax} bytes unpacked` });
    entry += 46 + bytes.readUInt16LE(entry + 28) + bytes.readUInt16LE(entry + 30) + bytes.readUInt16LE(entry + 32);
  }
}

function unpackedSize(data: Uint8Array, maxOutputLength: number): number {
  try {
    return inflateRawSync(data, { maxOutputLength }).length;
  } catch (error) {
    if (error instanceof RangeError) return maxOutputLength + 1; // How zlib says that the limit was reached.
    throw error;
  }
}

/**
 * The first sheet of a ReportHistory workbook as rows of texts. Numbers are kept in their shortest decimal form
 * (a workbook stores 0.99814 as 0.99814000000000003); document properties, which hold the client's name, are never read.
 */
export async function gridOfWorkbook(bytes: Buffer, unpackedBytesMax = UNPACKED_BYTES_MAX): Promise<Grid> {
  try {
    checkUnpackedSize(bytes, unpackedBytesMax);
    const sheet = await readSheet(Uint8Array.from(bytes).buffer, 1, { parseNumber: plainNumberText });
    return sheet.map((row) => row.map((cell) => (typeof cell === 'string' ? cell.replace(/\s+/g, ' ').trim() : '')));
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw foreign('The file is no workbook that can be read', error);
  }
}
