import { defineProblems } from '../kernel/problem.ts';

export const clientsProblem = defineProblems({
  'clients.client_exists': { status: 409, title: 'A client with this id exists already' },
  'clients.client_unknown': { status: 404, title: 'There is no such client' },
  'clients.account_unknown': { status: 404, title: 'There is no such trading account' },
  'clients.account_request_unknown': { status: 404, title: 'This client asks for no such account' },
  'clients.account_requests_open': { status: 409, title: 'Five of your requests for an account wait already' },
  'clients.assignee_unknown': { status: 422, title: 'Nobody of the staff, or no desk, has this id' },
  'clients.kyc_state_changed_meanwhile': { status: 409, title: 'The client is not in the state that it was to leave' },
  'clients.account_exists': { status: 409, title: 'This login exists already on this server' },
});
