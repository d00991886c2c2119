import { defineProblems } from '../kernel/problem.ts';

export const httpProblem = defineProblems({
  'http.bad_request': { status: 400, title: 'The request cannot be read' },
  'http.host_ambiguous': { status: 400, title: 'The request does not name exactly one host' },
  'http.query_repeated': { status: 400, title: 'A query parameter is given more than once' },
  'http.body_incomplete': { status: 400, title: 'The connection ended before the body did' },
  'http.operator_token_required': { status: 401, title: "This needs the operator's token" },
  'http.foreign_origin': { status: 403, title: 'A page of another origin may not do this' },
  'http.not_found': { status: 404, title: 'There is nothing at this address' },
  'http.method_not_allowed': { status: 405, title: 'This address does not know the method' },
  'http.request_timeout': { status: 408, title: 'The request did not arrive in time' },
  'http.body_too_large': { status: 413, title: 'The body is larger than this address takes' },
  'http.busy': { status: 503, title: 'More is being sent at this moment than can be taken in' },
  'http.headers_too_large': { status: 431, title: 'The headers are larger than the server takes' },
});
