import { chargebackTask, periodRun, rerunApplication, rerunPreview, simulation, trueUp } from '../commissions/index.ts';
import { payRun, STATEMENT_KEYS_PURPOSE, statementRun } from '../payouts/index.ts';
import type { Sealer } from '../platform/crypto.ts';
import type { TaskKind } from '../platform/tasks/index.ts';

/** What carrying out some kinds of tasks stands on; it is asked for when one runs. */
export type TaskDeps = { readonly sealerOf: (purpose: string) => Sealer };

/** The statements that are due, signed with the tenant's key. */
export const statementRunOf = ({ sealerOf }: TaskDeps) => statementRun(() => sealerOf(STATEMENT_KEYS_PURPOSE));

/** Every kind of long work as a worker carries it out: one line for each. */
export const taskKindsOf = (deps: TaskDeps): readonly TaskKind[] => [
  statementRunOf(deps),
  payRun,
  simulation,
  trueUp,
  rerunPreview,
  rerunApplication,
  chargebackTask,
  periodRun,
];

/** The same for what only lists tasks. */
export const taskKinds = taskKindsOf({
  sealerOf: () => {
    throw new Error('tasks are carried out by a worker');
  },
});
