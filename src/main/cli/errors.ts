import { defineProblems } from '../../kernel/problem.ts';

export const cliProblem = defineProblems({
  'cli.feed_refused': { status: 422, title: 'The feed refused the request' },
  'cli.file_invalid': { status: 422, title: 'The file cannot be read as what is asked for' },
  'cli.ib_unknown': { status: 404, title: 'There is no such introducing broker' },
  'cli.queue_unknown': { status: 404, title: 'There is no such queue' },
  'cli.source_unknown': { status: 404, title: 'The tenant has no such feed source' },
  'cli.tenant_unknown': { status: 404, title: 'There is no tenant of this name' },
  'cli.ticket_ambiguous': { status: 409, title: 'Several servers have a deal of this ticket' },
  'cli.ticket_unknown': { status: 404, title: 'There is no deal of this ticket' },
  'cli.user_unknown': { status: 404, title: 'Nobody signs in with this address' },
  'cli.usage': { status: 422, title: 'The command is not complete or not known' },
});
