import { defineProblems } from '../kernel/problem.ts';

export const httpProblem = defineProblems({
  'http.bad_request': { status: 400, title: 'The request cannot be read' },
  'http.host_ambiguous': { status: 400, title: 'The request does not name exactly one host' },
  'http.query_repeated': { status: 400, title: 'A query parameter is given more than once' },
  'http.query_invalid': { status: 400, title: 'A parameter of the address is not as this address takes it' },
  'http.body_malformed': { status: 400, title: 'The body is no JSON that can be read without doubt' },
  'http.body_incomplete': { status: 400, title: 'The connection ended before the body did' },
  'http.operator_token_required': { status: 401, title: "This needs the operator's token" },
  'http.sign_in_required': { status: 401, title: 'This needs a sign-in' },
  'http.foreign_origin': { status: 403, title: 'A page of another origin may not do this' },
  'http.not_found': { status: 404, title: 'There is nothing at this address' },
  'http.method_not_allowed': { status: 405, title: 'This address does not know the method' },
  'http.request_timeout': { status: 408, title: 'The request did not arrive in time' },
  'http.body_too_large': { status: 413, title: 'The body is larger than this address takes' },
  'http.busy': { status: 503, title: 'More is being sent at this moment than can be taken in' },
  'http.body_unsupported': { status: 415, title: 'The body is not of a media type that this address takes' },
  'http.body_invalid': { status: 422, title: 'The body is not as this address takes it' },
  'http.headers_too_large': { status: 431, title: 'The headers are larger than the server takes' },
});
