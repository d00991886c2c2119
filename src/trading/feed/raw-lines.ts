import { parseStrictJson } from '../../platform/strict-json.ts';
import { BATCH_BYTES_MAX } from './contract.ts';

const OPENING_BRACKET = 0x5b;
const LINE_FEED = 0x0a;
const isBlank = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
/** Deep enough for everything that `parseFeedBody` has read as an array. */
const DEPTH_MAX = 64;
const SEQ = /^[ \t]*\{[ \t]*"seq"[ \t]*:[ \t]*([1-9][0-9]{0,14})[ \t]*[,}]/;

/**
 * The bytes of each line of a body, counted as `parseFeedBody` counts them; items of a JSON array are written anew.
 * Only for bodies with a line that was refused: its bytes are kept.
 */
export function rawLinesOf(body: Buffer): Buffer[] {
  if (body.find((byte) => byte > 0x20) !== OPENING_BRACKET) return rawTextLines(body);
  const json = parseStrictJson(body.toString('utf8'), { lengthMax: BATCH_BYTES_MAX, depthMax: DEPTH_MAX });
  if (!json.ok || !Array.isArray(json.value)) return [];
  return json.value.map((item) => Buffer.from(JSON.stringify(item)));
}

function rawTextLines(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < body.length;) {
    const found = body.indexOf(LINE_FEED, from);
    const to = found < 0 ? body.length : found;
    const line = body.subarray(from, to);
    if (!isBlank(line)) lines.push(line);
    from = to + 1;
  }
  return lines;
}

/** The seq at the start of a line that is no JSON as a whole: a refused line counts as seen, or the cursor would stay before it. */
export function seqAtStart(line: Buffer): number | undefined {
  const match = SEQ.exec(line.subarray(0, 80).toString('latin1'));
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
