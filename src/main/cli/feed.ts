import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { Bridge } from '../../../simulators/mt-server/index.ts';
import { systemClock } from '../../kernel/clock.ts';
import { SourceId } from '../../kernel/ids.ts';
import { parseStrictJson } from '../../platform/strict-json.ts';
import { createTenantClient } from '../../platform/tenant-client.ts';
import { FeedCursor, liveSecrets, readMt5Report, signFeedRequest } from '../../trading/index.ts';
import { sourceSealer } from '../roles.ts';
import type { CliContext } from './context.ts';
import { cliProblem } from './errors.ts';
import { inTenant, parsedBy, TENANT_OPTION } from './scope.ts';

/** A line of the feed; what it says is for the feed to judge. */
type BridgeLine = Parameters<Bridge['push']>[0][number];

const LINES_MAX = 1_000;
/** Refused lines that are told one by one. */
const REFUSED_MAX = 20;
const LINE_LIMITS = { lengthMax: 65_536, depthMax: 16 };
const login = parsedBy(z.string().regex(/^[1-9]\d{0,17}$/, 'It takes the number of an account.'));

/** A line that the feed did not take, counted from 1 without the empty ones, and why. */
type Refused = { readonly line: number; readonly code: string | undefined; readonly detail: string | undefined };
type Target = { readonly tenant: string; readonly source: SourceId; readonly url?: string };

/** `cascade feed push | import | cursor`: speaks to a running API as a bridge does. */
export function registerFeed(program: Command, context: CliContext): void {
  const { out } = context;
  const feed = program.command('feed').description('sends deals to the feed of a tenant, signed, as a bridge would');
  const command = (verb: string): Command =>
    feed
      .command(verb)
      .requiredOption(...TENANT_OPTION)
      .requiredOption('--source <id>', 'the feed source', parsedBy(SourceId))
      .option('--url <address>', "the tenant's address; http://<tenant>.<base host>:<PORT> unless given");

  command('push')
    .requiredOption('--file <ndjson>', 'lines as the feed takes them')
    .description('sends a file of feed lines')
    .action(async ({ file, ...target }: Target & { file: string }) => {
      out.result(await push(context, target, await linesOf(file)), totalsText);
    });

  command('import')
    .requiredOption('--file <report>', 'an MT5 report: HTML, workbook or CSV of deals')
    .option('--login <number>', 'whose deals a CSV holds', login)
    .description('sends the deals of an MT5 report')
    .action(async ({ file, login: owner, ...target }: Target & { file: string; login?: string }) => {
      const report = await readMt5Report(await readFile(file), owner === undefined ? {} : { login: owner });
      out.result(
        await push(
          context,
          target,
          report.deals.map((deal): BridgeLine => ({ type: 'deal.add', deal })),
        ),
        totalsText,
      );
    });

  command('cursor')
    .description('how far the feed of a source is, and what is missing')
    .action(async (target: Target) => {
      const { origin, secret } = await reach(context, target);
      const client = createTenantClient();
      try {
        const parts = {
          timestamp: String(Math.floor(systemClock.now().getTime() / 1000)),
          nonce: crypto.randomUUID(),
          batch: 'cursor',
          body: new Uint8Array(),
        };
        const answer = await client.send({
          url: `${origin}/feeds/${target.source}/cursor`,
          headers: {
            'cascade-batch': parts.batch,
            'cascade-timestamp': parts.timestamp,
            'cascade-nonce': parts.nonce,
            'cascade-signature': signFeedRequest(secret, parts),
          },
        });
        if (answer.status !== 200)
          throw cliProblem('cli.feed_refused', { detail: `${answer.status}: ${answer.text().slice(0, 500)}` });
        out.result(FeedCursor.parse(answer.json()), (cursor) => JSON.stringify(cursor));
      } finally {
        await client.close();
      }
    });
}

/** Where the tenant's feed answers, and the secret that signs for the source. */
async function reach(
  context: CliContext,
  { tenant, source, url }: Target,
): Promise<{ origin: string; secret: string }> {
  const config = context.config();
  const keeping = { sealer: sourceSealer(config), clock: systemClock };
  const [secret] = await inTenant(context, tenant, (tx) => liveSecrets(tx, keeping, source));
  if (secret === undefined) throw cliProblem('cli.source_unknown', { detail: source });
  return { origin: url ?? `http://${tenant}.${config.baseHost}:${config.port}`, secret };
}

async function push(context: CliContext, target: Target, lines: readonly BridgeLine[]) {
  const { origin, secret } = await reach(context, target);
  const client = createTenantClient();
  const bar = context.out.progress('sending', lines.length);
  try {
    const bridge = new Bridge({ client, origin, sourceId: target.source, secret });
    const refused: Refused[] = [];
    for (let from = 0; from < lines.length; from += LINES_MAX) {
      const { results } = await bridge.push(lines.slice(from, from + LINES_MAX));
      const bad = results.filter(({ status }) => status === 'rejected').slice(0, REFUSED_MAX - refused.length);
      refused.push(...bad.map(({ line, code, detail }) => ({ line: from + line + 1, code, detail })));
      bar.set(Math.min(lines.length, from + LINES_MAX), lines.length);
    }
    return { ...bridge.totals, refused };
  } finally {
    bar.stop();
    await client.close();
  }
}

/** What pushing came to, in words: the counts, and each line that was refused. */
export const totalsText = ({
  lines,
  accepted,
  duplicates,
  parked,
  rejected,
  refused,
}: {
  lines: number;
  accepted: number;
  duplicates: number;
  parked: number;
  rejected: number;
  refused: readonly Refused[];
}): string =>
  [
    `${lines} lines: ${accepted} accepted, ${duplicates} known already, ${parked} parked, ${rejected} rejected`,
    ...refused.map(
      ({ line, code, detail }) => `line ${line}: ${code ?? ''}${detail === undefined ? '' : `: ${detail}`}`,
    ),
    ...(rejected > refused.length ? [`and ${rejected - refused.length} more`] : []),
  ].join('\n');

/** The lines of a file; what they say is for the feed to judge, but each must be a JSON object. */
async function linesOf(file: string): Promise<BridgeLine[]> {
  const texts = (await readFile(file, 'utf8')).split('\n').filter((text) => text.trim() !== '');
  return texts.map((text, place) => {
    const json = parseStrictJson(text, LINE_LIMITS);
    if (!json.ok || json.value === null || typeof json.value !== 'object')
      throw cliProblem('cli.file_invalid', { detail: `${file}, line ${place + 1} is no JSON object` });
    return json.value as BridgeLine;
  });
}
