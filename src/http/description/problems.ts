import { type OperationForm, isRight } from '../../kernel/operation.ts';
import { problemCatalogue } from '../../kernel/problem.ts';

/** What any operation may answer, wherever it stands. */
const EVERYWHERE = [
  'http.bad_request',
  'http.host_ambiguous',
  'http.query_repeated',
  'http.query_invalid',
  'http.body_incomplete',
  'http.body_too_large',
  'http.headers_too_large',
  'http.request_timeout',
  'http.rate_limited',
  'http.not_found',
  'http.busy',
  'platform.internal',
  'platform.unavailable',
  'tenancy.registry_unavailable',
  'tenancy.connections_exhausted',
  'tenancy.stopping',
];

/** What a host of a tenant may answer besides. */
const OF_TENANTS = [
  'tenancy.host_unknown',
  'tenancy.suspended',
  'tenancy.database_unavailable',
  'tenancy.not_migrated',
];

/** What is answered to who may not call, by the guard of the API. */
const OF_GUARD = [
  'identity.sign_in_required',
  'identity.token_invalid',
  'identity.api_key_invalid',
  'identity.not_active',
  'identity.surface_refused',
  'identity.forbidden',
  'identity.kyc_required',
  'identity.second_factor_missing',
  'identity.step_up_needed',
  'identity.impersonation_reads_only',
  'identity.entry_reads_only',
];

/** Every code that an operation may answer: its own, and those that its form brings. */
function problemCodesOf(operation: OperationForm): readonly string[] {
  const { need, on, body, query } = operation;
  const codes = new Set([...operation.problems, ...EVERYWHERE]);
  const add = (when: boolean, ...more: string[]): void => {
    if (when) for (const code of more) codes.add(code);
  };
  add(on !== 'bare', ...OF_TENANTS);
  add(isRight(need) || need === 'signed_in', ...OF_GUARD);
  add(need === 'operator_token', 'http.operator_token_required', 'http.foreign_origin');
  add(body !== undefined && body !== 'bytes', 'http.body_malformed', 'http.body_unsupported', 'http.body_invalid');
  add(operation.readsCookie === true, 'http.foreign_origin');
  add(query !== undefined && 'cursor' in query.shape, 'platform.cursor_invalid');
  add(
    operation.isIdempotent === true,
    'http.idempotency_key_required',
    'http.idempotency_key_reused',
    'http.idempotency_in_flight',
  );
  return [...codes];
}

/** The codes of an operation by their status; a code that nobody declares has none (a gate finds it). */
export function problemsByStatus(operation: OperationForm): ReadonlyMap<number, readonly string[]> {
  const byStatus = new Map<number, string[]>();
  for (const code of problemCodesOf(operation).toSorted()) {
    const status = problemCatalogue().get(code)?.status;
    if (status !== undefined) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return byStatus;
}
