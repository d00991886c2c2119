import { defineProblems } from '../kernel/problem.ts';

export const notificationsProblem = defineProblems({
  'notifications.recipient_invalid': { status: 422, title: 'No mail can be sent to this address' },
});
