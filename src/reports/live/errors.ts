import { defineProblems } from '../../kernel/problem.ts';

export const liveProblem = defineProblems({
  'events.streams_too_many': { status: 429, title: 'As many streams of events as may be open are open' },
  'events.stopping': { status: 503, title: 'The server is stopping: ask again in a moment' },
});
