import type { z } from 'zod';
import type { ApprovalAsked } from '../../kernel/operation.ts';
import type { Access } from '../../platform/access.ts';
import { idempotentRoute, type Route } from '../../platform/route.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import type { Adjustment } from './contract.ts';
import { requestAdjustment } from './contract.ts';
import { checkAdjustment, subjectOf } from './service.ts';

/** Asks a second person to agree to an adjustment, in the transaction given. */
export type AskForAdjustment = (
  tx: TenantTx,
  adjustment: Adjustment,
  about: ReturnType<typeof subjectOf> & { readonly access: Access },
) => Promise<z.input<typeof ApprovalAsked>>;

/** The route of adjustments. */
export const adjustmentRoutes = (deps: { readonly askForAdjustment: AskForAdjustment }): Route[] => [
  idempotentRoute(requestAdjustment, async (tx, { access, body }) => {
    const about = subjectOf(body, await checkAdjustment(tx, body));
    return { status: 202, json: await deps.askForAdjustment(tx, body, { ...about, access }) };
  }),
];
