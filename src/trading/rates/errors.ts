import { defineProblems } from '../../kernel/problem.ts';

export const ratesProblem = defineProblems({
  'trading.rates_file_invalid': { status: 422, title: 'The file is none of reference rates of the ECB' },
});
