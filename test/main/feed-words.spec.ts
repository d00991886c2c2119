import { describe, expect, it } from 'vitest';
import { totalsText } from '../../src/main/cli/feed.ts';

const counts = { lines: 5, accepted: 2, duplicates: 1, parked: 0 };

describe('What a push to the feed came to', () => {
  it('is told in one line where no line was refused', () => {
    expect(totalsText({ ...counts, rejected: 0, refused: [] })).toBe(
      '5 lines: 2 accepted, 1 known already, 0 parked, 0 rejected',
    );
  });

  it('names each refused line with its code, and how many it does not name', () => {
    const refused = [
      { line: 1, code: 'feed.volume_invalid', detail: 'VolumeExt is "-5"' },
      { line: 3, code: 'feed.line_malformed', detail: undefined },
    ];
    expect(
      totalsText({ ...counts, rejected: 3, refused })
        .split('\n')
        .slice(1),
    ).toEqual(['line 1: feed.volume_invalid: VolumeExt is "-5"', 'line 3: feed.line_malformed', 'and 1 more']);
  });
});
