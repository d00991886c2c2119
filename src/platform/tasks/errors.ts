import { defineProblems } from '../../kernel/problem.ts';

export const taskProblem = defineProblems({
  'platform.task_unknown': { status: 404, title: 'There is no such task' },
  'platform.task_file_unknown': { status: 404, title: 'The task has no such file, or does not keep it any more' },
  'platform.task_ended': { status: 409, title: 'The task has ended already' },
  'platform.task_agreed': { status: 409, title: 'People have agreed to this work: it is not stopped half way' },
  'platform.task_abandoned': { status: 500, title: 'The task was begun too often without getting any further' },
  'platform.task_unreadable': { status: 500, title: 'The task was asked for in a form that is not known any more' },
  'platform.tasks_too_many': { status: 429, title: 'Too many tasks wait already' },
});
