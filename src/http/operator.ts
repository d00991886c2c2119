import type { IncomingMessage } from 'node:http';
import type { OperatorGuard } from '../platform/operator-token.ts';
import { httpProblem } from './errors.ts';
import { requireSameOrigin } from './origins.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Lets the operator through. A browser adds the token by itself once it has been typed, also to what another site makes
 * it send; therefore whatever changes something must come from a page of this very host.
 */
export function requireOperator(isOperator: OperatorGuard, request: IncomingMessage): void {
  if (!isOperator(request.headers.authorization)) throw httpProblem('http.operator_token_required');
  if (READS.has(request.method ?? '')) return;
  requireSameOrigin(request);
}
