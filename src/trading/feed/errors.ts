import { defineProblems } from '../../kernel/problem.ts';

export const feedProblem = defineProblems({
  // One answer whatever was wrong (source, header, age, nonce, secret): it tells nothing to who has no secret.
  'feed.signature_invalid': { status: 401, title: 'The request is not signed as this feed demands' },
  'feed.batch_conflict': { status: 409, title: 'This batch id was used before, for another body' },
  'feed.encoding_unsupported': { status: 415, title: 'The body is packed in a way that is not understood; gzip is' },
  'feed.body_unpackable': { status: 400, title: 'The body cannot be unpacked' },
});
