import type { TaskId } from '../../kernel/ids.ts';
import { emit } from '../../platform/events/index.ts';
import { defineTask, requestTask } from '../../platform/tasks/index.ts';
import type { TenantTx } from '../../platform/tenant-tx.ts';
import { SimulationAsked } from './contract.ts';
import { simulationProblem } from './errors.ts';
import { report } from './report.ts';
import { computeAll } from './run.ts';
import { pageOfTrades } from './store.ts';
import { openWorld } from './world.ts';

/** A simulation: it reads, and writes nothing but its own result. Begun again from the start where its worker was killed. */
export const simulation = defineTask({
  kind: 'commissions.simulation',
  right: { action: 'simulate', resource: 'plans' },
  payload: SimulationAsked,
  run: async (task, asked) => {
    const world = await task.read((tx) => openWorld(tx, asked));
    const tally = await computeAll(task, world, asked.margin);
    const { name, from, to } = asked;
    return report(task, tally, { name, from, to });
  },
});

/**
 * Has a simulation done, after looking at what is asked: a range without trades, too long or that ends before it begins, a draft
 * that could not be published, somebody who is not there, and moves in a circle are refused before anything is begun.
 */
export async function askForSimulation(tx: TenantTx, asked: SimulationAsked): Promise<TaskId> {
  const { book, range } = await openWorld(tx, asked);
  const { trades } = await pageOfTrades(tx, book, range, null, 1);
  if (trades.length === 0) throw simulationProblem('commissions.simulation_range_empty');
  const taskId = await requestTask(tx, simulation, asked);
  const { name, from, to } = asked;
  emit(tx, {
    stream: `task/${taskId}`,
    type: 'commissions.simulation_asked',
    schemaVersion: 1,
    payload: { taskId, name, from, to },
  });
  return taskId;
}
