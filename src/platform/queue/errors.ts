import { defineProblems } from '../../kernel/problem.ts';

export const queueProblem = defineProblems({
  'queue.unavailable': { status: 503, title: 'The queue is not reachable at the moment' },
  'queue.redis_evicts': { status: 500, title: 'This Redis may evict keys, and would lose jobs' },
  'queue.payload_invalid': { status: 500, title: 'A job does not carry what its kind requires' },
});
