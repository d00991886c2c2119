import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/kernel/problem.ts';
import { parseFeedBody, parseFeedLine, signFeedRequest, verifyFeedSignature } from '../../src/trading/index.ts';

const deal =
  '"deal":{"Deal":"11918642","Login":"900101","Order":"7","PositionID":"5","Action":0,"Entry":1,"Symbol":"EURUSD","Price":"1.08512","Volume":"13700","Time":1773187200}';
const line = `{"seq":41,"type":"deal.add",${deal}}`;
const codeOf = (text: string): string => {
  const result = parseFeedLine(text);
  return result.ok ? 'accepted' : result.code;
};

describe('a line of the feed', () => {
  it('is read whole: its count, its type, the deal and its content', () => {
    expect(parseFeedLine(line)).toMatchObject({
      ok: true,
      line: {
        type: 'deal.add',
        seq: 41,
        deal: { ticket: 11918642n, closedVolume: 137_000_000n },
        content: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      },
    });
  });

  it('keeps 64-bit numbers and decimals of a raw JSON number to the last digit', () => {
    const result = parseFeedLine(
      line
        .replace('"11918642"', '9007199254740993')
        .replace('"Order":"7"', '"Order":9223372036854775807,"Profit":0.10,"Storage":-1e-7'),
    );
    expect(result).toMatchObject({
      line: {
        deal: {
          ticket: 9007199254740993n,
          order: 9223372036854775807n,
          profit: '0.1',
          storage: '-0.0000001',
          raw: { Deal: '9007199254740993' },
        },
      },
    });
  });

  it('has the same content in whatever form the numbers come', () => {
    const contents = [
      line,
      line.replace('"1.08512"', '1.085120'),
      line.replace('1773187200', '"1773187200"'),
      line.replace('"13700"', '1.37e4'),
    ].map((text) => {
      const result = parseFeedLine(text);
      return result.ok && result.line.type === 'deal.add' ? result.line.content : result;
    });
    expect(new Set(contents).size).toBe(1);
  });

  it('is also a heartbeat, or a deletion that names its deal', () => {
    expect(parseFeedLine('{"seq":42,"type":"heartbeat"}')).toEqual({ ok: true, line: { type: 'heartbeat', seq: 42 } });
    expect(parseFeedLine('{"type":"deal.delete","deal":{"Deal":7}}')).toMatchObject({
      ok: true,
      line: { type: 'deal.delete', seq: undefined, deleted: { ticket: 7n, login: undefined } },
    });
    expect(codeOf('{"type":"deal.delete","deal":{"Login":7}}')).toBe('feed.field_missing');
  });

  it.each([
    ['', 'feed.line_malformed'],
    ['7', 'feed.line_malformed'],
    ['[]', 'feed.line_malformed'],
    ['null', 'feed.line_malformed'],
    ['\ufeff{"type":"heartbeat"}', 'feed.line_malformed'],
    ['{"type":"heartbeat"}}', 'feed.line_malformed'],
    ['{"type":"heartbeat","type":"heartbeat"}', 'feed.line_duplicate_key'],
    [`{"x":${'['.repeat(9)}${']'.repeat(9)}}`, 'feed.line_too_deep'],
    [`{"type":"heartbeat","x":"${'x'.repeat(16_384)}"}`, 'feed.line_too_large'],
    ['{"type":"heartbeat","x":"\\u0000"}', 'feed.line_text_invalid'],
    ['{"type":"heartbeat","x":"\\ud800"}', 'feed.line_text_invalid'],
    ['{}', 'feed.field_missing'],
    ['{"type":"deal.add"}', 'feed.field_missing'],
    ['{"type":"deal.add","deal":7}', 'feed.field_malformed'],
    ['{"type":"deal.add","deal":{}}', 'feed.field_missing'],
    ['{"type":"deal.burn","deal":{}}', 'feed.type_unknown'],
    ['{"type":["deal.add"],"deal":{}}', 'feed.type_unknown'],
    ['{"type":"toString"}', 'feed.type_unknown'],
    ['{"type":"trade.open","trade":{}}', 'feed.type_unsupported'],
    ['{"seq":0,"type":"heartbeat"}', 'feed.seq_invalid'],
    ['{"seq":-1,"type":"heartbeat"}', 'feed.seq_invalid'],
    ['{"seq":1.5,"type":"heartbeat"}', 'feed.seq_invalid'],
    ['{"seq":"1","type":"heartbeat"}', 'feed.seq_invalid'],
    ['{"seq":9007199254740993,"type":"heartbeat"}', 'feed.seq_invalid'],
  ])('is refused with a code: %s gives %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('keeps its count when it is refused, for it counts as seen', () => {
    expect(parseFeedLine('{"seq":7,"type":"deal.add","deal":{"Deal":1}}')).toMatchObject({
      ok: false,
      seq: 7,
      code: 'feed.field_missing',
    });
  });

  it('never throws, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: line.length }), (noise, at) => {
        const body = Buffer.concat([Buffer.from(line.slice(0, at)), noise, Buffer.from(line.slice(at))]);
        try {
          parseFeedBody(body);
        } catch (error) {
          if (!(error instanceof Problem)) throw error;
        }
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});

describe('a feed body', () => {
  const bytes = (text: string) => Buffer.from(text);
  const verdicts = (body: Uint8Array) =>
    parseFeedBody(body).map((result) => (result.ok ? result.line.type : result.code));
  const refusal = (body: Uint8Array): string => {
    try {
      parseFeedBody(body);
      return 'accepted';
    } catch (error) {
      return error instanceof Problem ? error.code : 'thrown';
    }
  };

  it('is NDJSON with any line ends, and a bad line never takes the good ones with it', () => {
    const body = Buffer.concat([
      bytes(`${line}\r\n\n{oops}\n`),
      Buffer.from([0xff, 0x0a]),
      bytes('{"type":"heartbeat"}'),
    ]);
    expect(verdicts(body)).toEqual(['deal.add', 'feed.line_malformed', 'feed.line_text_invalid', 'heartbeat']);
  });

  it('is a JSON array as well, of which each item is judged alone', () => {
    expect(verdicts(bytes(`[${line}, 7, {"type":"heartbeat"}]`))).toEqual([
      'deal.add',
      'feed.line_malformed',
      'heartbeat',
    ]);
  });

  it('takes no longer item in an array than on a line, and the others all the same', () => {
    const long = line.replace('"Deal":', `"Comment":"${'x'.repeat(16_384)}","Deal":`);
    const inArray = parseFeedBody(Buffer.from(`[${long},${line}]`));
    expect(inArray).toMatchObject([{ ok: false, code: 'feed.line_too_large', seq: 41 }, { ok: true }]);
    expect(codeOf(long)).toBe('feed.line_too_large');
  });

  it('is refused as a whole when it is empty, too large, or an array that is no JSON', () => {
    expect(refusal(bytes(''))).toBe('feed.batch_empty');
    expect(refusal(bytes(' \n\r\n'))).toBe('feed.batch_empty');
    expect(refusal(bytes('[]'))).toBe('feed.batch_empty');
    expect(refusal(bytes('{"type":"heartbeat"}\n'.repeat(1000)))).toBe('accepted');
    expect(refusal(bytes('{"type":"heartbeat"}\n'.repeat(1001)))).toBe('feed.batch_too_large');
    expect(refusal(bytes(`[${'0,'.repeat(1000)}0]`))).toBe('feed.batch_too_large');
    expect(refusal(Buffer.alloc(1_048_577, 0x20))).toBe('feed.batch_too_large');
    expect(refusal(bytes(`[${line}`))).toBe('feed.body_malformed');
    expect(refusal(Buffer.from([0x5b, 0xff, 0x5d]))).toBe('feed.body_malformed');
  });
});

const suite = fileURLToPath(new URL('../../../shared/external/json-test-suite/test_parsing/', import.meta.url));
describe.skipIf(!existsSync(suite))('the JSON parsing test suite as lines of the feed', () => {
  it('never crashes the door and gets nothing accepted', () => {
    for (const name of readdirSync(suite)) {
      const results = (() => {
        try {
          return parseFeedBody(readFileSync(suite + name));
        } catch (error) {
          if (error instanceof Problem) return [];
          throw error;
        }
      })();
      expect(results.filter((result) => result.ok)).toEqual([]);
    }
  });
});

describe('the signature of a feed request', () => {
  const parts = {
    timestamp: '1773187200',
    nonce: 'nonce-0001',
    batch: 'batch.1',
    body: Buffer.from('{"type":"heartbeat"}\n'),
  };
  const secret = 'a-secret-of-the-source';

  it('is the HMAC of timestamp, nonce, batch and the hash of the body, worked out by openssl', () => {
    // printf '1773187200.nonce-0001.batch.1.%s' "$(printf '{"type":"heartbeat"}\n' | sha256sum | cut -d' ' -f1)" | openssl dgst -sha256 -hmac 'a-secret-of-the-source'
    expect(signFeedRequest(secret, parts)).toBe('v1=0854df1fe41d55a7c493b095fef31969c00ed748e97f4fc97d5673424a4d1875');
  });

  it('holds under any live secret and under no other', () => {
    const signature = signFeedRequest(secret, parts);
    expect(verifyFeedSignature([secret], parts, signature)).toBe(true);
    expect(verifyFeedSignature(['the-next-secret', secret], parts, signature)).toBe(true);
    expect(verifyFeedSignature(['the-next-secret'], parts, signature)).toBe(false);
    expect(verifyFeedSignature([], parts, signature)).toBe(false);
  });

  it('breaks with any part, and with any other form of the header', () => {
    const signature = signFeedRequest(secret, parts);
    for (const change of [
      { timestamp: '1773187201' },
      { nonce: 'nonce-0002' },
      { batch: 'batch.2' },
      { body: Buffer.from('{"type":"heartbeat"} ') },
    ])
      expect(verifyFeedSignature([secret], { ...parts, ...change }, signature)).toBe(false);
    for (const header of [
      '',
      signature.slice(3),
      signature.replace('v1', 'v2'),
      signature.toUpperCase(),
      `${signature} `,
      `${signature}0`,
      signature.slice(0, -1),
      `${signature}, ${signature}`,
    ])
      expect(verifyFeedSignature([secret], parts, header)).toBe(false);
  });

  it('cannot be moved from one part to the next', () => {
    const moved = { ...parts, nonce: 'nonce-0001.batch', batch: '1' };
    expect(() => signFeedRequest(secret, moved)).toThrow(RangeError);
    expect(verifyFeedSignature([secret], moved, signFeedRequest(secret, parts))).toBe(false);
  });
});
