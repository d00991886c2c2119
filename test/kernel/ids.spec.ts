import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ClientId,
  dealIdOf,
  DealId,
  decodeId,
  encodeId,
  idFromUuid,
  newUuid,
  TenantId,
  uuidFromId,
} from '../../src/kernel/ids.ts';

const anyBits = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });

describe('ids', () => {
  it('keep their 128 bits there and back, and pass their own schema', () =>
    fc.assert(
      fc.property(anyBits, (bits) => {
        const id = encodeId('tnt', bits);
        expect(TenantId.parse(id)).toBe(id);
        expect(decodeId(id)).toBe(bits);
        expect(idFromUuid('tnt', uuidFromId(id))).toBe(id);
      }),
      { numRuns: 500 },
    ));

  it('sort as their bits do', () =>
    fc.assert(
      fc.property(anyBits, anyBits, (left, right) => {
        expect(encodeId('cli', left) < encodeId('cli', right)).toBe(left < right);
      }),
      { numRuns: 500 },
    ));

  it.each([
    'tnt_8ZZZZZZZZZZZZZZZZZZZZZZZZZ', // 129 bits
    'tnt_0000000000000000000000000I', // no I, L, O or U
    'tnt_0000000000000000000000000', // 25 digits
    'tnt_000000000000000000000000000',
    'tnt_0000000000000000000000000a',
    'cli_00000000000000000000000000',
    '00000000000000000000000000',
    'tnt_00000000000000000000000000\n',
    '',
  ])('%j is no tenant id', (text) => expect(TenantId.safeParse(text).success).toBe(false));

  it('of one thing are not ids of another', () => expect(ClientId.safeParse(encodeId('tnt', 5n)).success).toBe(false));

  it('of deals carry a bigint key', () => {
    const id = dealIdOf(2n ** 63n - 1n);
    expect(DealId.parse(id)).toBe(id);
    expect(decodeId(id)).toBe(2n ** 63n - 1n);
  });
});

describe('a new uuid', () => {
  const at = Date.UTC(2026, 2, 10);
  it('has version 7, the variant of RFC 9562 and the time in front', () => {
    const uuid = newUuid(at);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)).toBe(at);
  });

  it('sorts after one of an earlier millisecond and differs from one of the same', () => {
    expect(newUuid(at + 1) > newUuid(at)).toBe(true);
    expect(new Set(Array.from({ length: 1000 }, () => newUuid(at))).size).toBe(1000);
  });
});
