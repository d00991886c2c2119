import { defineProblems } from '../../kernel/problem.ts';

export const registryProblem = defineProblems({
  'trading.server_exists': { status: 409, title: 'A server of this name exists already' },
  'trading.server_unknown': { status: 404, title: 'There is no such server' },
  'trading.source_exists': { status: 409, title: 'The server has a source of this name already' },
  'trading.source_unknown': { status: 404, title: 'There is no such source' },
  'trading.secret_weak': { status: 422, title: 'A secret has at least 32 characters' },
  'trading.mapping_backdated': { status: 409, title: 'A change cannot begin before the row that it ends' },
  'trading.mapping_invalid': { status: 422, title: 'The symbol or group is not possible' },
});
