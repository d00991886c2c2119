import { defineProblems } from '../kernel/problem.ts';

export const clientsProblem = defineProblems({
  'clients.client_exists': { status: 409, title: 'A client with this id exists already' },
  'clients.client_unknown': { status: 404, title: 'There is no such client' },
  'clients.account_exists': { status: 409, title: 'This login exists already on this server' },
});
