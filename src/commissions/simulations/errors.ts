import { defineProblems } from '../../kernel/problem.ts';

export const simulationProblem = defineProblems({
  'commissions.simulation_range_empty': { status: 422, title: 'The range holds no trade, or ends before it begins' },
  'commissions.simulation_range_long': { status: 422, title: 'The range is longer than a simulation may be' },
  'commissions.simulation_cycle': {
    status: 422,
    title: 'The moves assumed would put an introducing broker below itself',
  },
  'commissions.simulation_contradicts': { status: 422, title: 'The same thing is assumed twice' },
});
