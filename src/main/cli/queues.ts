import type { Command } from 'commander';
import { queueState } from '../../ops/index.ts';
import type { AnyQueue } from '../../platform/queue/index.ts';
import { openWork, type Work } from '../work.ts';
import type { CliContext } from './context.ts';
import { cliProblem } from './errors.ts';
import { tableOf } from './out.ts';

const RETRIED_MAX = 10_000;

/** `cascade queues list | pause | resume | retry`. */
export function registerQueues(program: Command, context: CliContext): void {
  const { out } = context;
  const queues = program.command('queues').description('the queues of the installation');

  queues
    .command('list')
    .description('how each queue stands')
    .action(async () => {
      const states = await withWork(context, (work) =>
        Promise.all(work.queues.all.map((queue) => queueState(queue, new Date()))),
      );
      out.result(states, (all) =>
        tableOf([
          ['queue', 'state', 'workers', 'waiting', 'active', 'delayed', 'failed', 'completed'],
          ...all.map((each) => [
            each.name,
            each.paused ? 'paused' : 'running',
            ...[each.workers, each.waiting, each.active, each.delayed, each.failed, each.completed].map(String),
          ]),
        ]),
      );
    });

  for (const [verb, words] of [
    ['pause', 'lets no further job of a queue begin'],
    ['resume', 'lets jobs of a queue begin again'],
  ] as const)
    queues
      .command(verb)
      .argument('<queue>', 'its name')
      .description(words)
      .action(async (name: string) => {
        await withWork(context, (work) => named(work, name)[verb]());
        out.result(
          { queue: name, paused: verb === 'pause' },
          (each) => `${each.queue} is ${each.paused ? 'paused' : 'running'}`,
        );
      });

  queues
    .command('retry')
    .argument('<queue>', 'its name')
    .description(`tries failed jobs again, at most ${RETRIED_MAX}`)
    .action(async (name: string) => {
      const retried = await withWork(context, async (work) => {
        const failed = await named(work, name).getFailed(0, RETRIED_MAX - 1);
        for (const job of failed) await job.retry();
        return failed.length;
      });
      out.result({ queue: name, retried }, (each) => `${each.retried} jobs of ${each.queue} are tried again`);
    });
}

async function withWork<T>(context: CliContext, use: (work: Work) => Promise<T>): Promise<T> {
  const work = await openWork(await context.openPlatform(), context.config(), context.log());
  try {
    return await use(work);
  } finally {
    await work.close();
  }
}

function named(work: Work, name: string): AnyQueue {
  const queue = work.queues.all.find((each) => each.name === name);
  if (queue === undefined) throw cliProblem('cli.queue_unknown', { detail: name });
  return queue;
}
