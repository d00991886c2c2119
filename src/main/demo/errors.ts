import { defineProblems } from '../../kernel/problem.ts';

export const demoProblem = defineProblems({
  'demo.usage': { status: 422, title: 'The demo was not told rightly what to do' },
  'demo.file_unreadable': { status: 422, title: 'The report file cannot be read' },
  'demo.no_progress': { status: 500, title: 'The deals are not booked' },
  'demo.feed_refused': { status: 500, title: 'The feed did not take the deals' },
  'demo.not_conserved': { status: 500, title: 'The proof of conservation fails' },
});
