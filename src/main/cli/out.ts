import cliProgress from 'cli-progress';

/** Where a command's results go: results to standard output, everything else to standard error. */
export type Out = {
  /** Prints the command's one result: JSON with `--json`, else the text made of it. `ok: false` ends with exit code 1, or the one given. */
  readonly result: <T>(value: T, asText: (value: T) => string, verdict?: Ending) => void;
  /** A bar on a terminal; elsewhere nothing is shown. Call `stop` in the end, whatever happened. */
  readonly progress: (what: string, total: number) => Progress;
};

/** Whether a command's result is good, and what its process ends with if not. */
export type Ending = { readonly ok: boolean; readonly exitCode?: number };

/** A bar; `set` takes how much is done of how much, and what was done last. */
export type Progress = {
  readonly set: (done: number, total: number, last?: string) => void;
  readonly stop: () => void;
};

/** Makes the output of one command; `failed` is told the exit code when a result is bad. */
export function makeOut({
  json,
  failed,
  write = (text) => process.stdout.write(text),
}: {
  readonly json: () => boolean;
  readonly failed: (exitCode: number) => void;
  readonly write?: (text: string) => void;
}): Out {
  return {
    result: (value, asText, verdict = { ok: true }) => {
      write(`${json() ? asJson(value) : asText(value)}\n`);
      if (!verdict.ok) failed(verdict.exitCode ?? 1);
    },
    progress: (what, total) => {
      if (!process.stderr.isTTY) return { set: () => undefined, stop: () => undefined };
      const bar = new cliProgress.SingleBar(
        {
          format: `${what} {bar} {value}/{total} {last}`,
          stream: process.stderr,
          hideCursor: true,
          clearOnComplete: true,
        },
        cliProgress.Presets.shades_classic,
      );
      bar.start(total, 0, { last: '' });
      return {
        set: (done, all, last = '') => {
          bar.setTotal(all);
          bar.update(done, { last });
        },
        stop: () => bar.stop(),
      };
    },
  };
}

/** JSON with bigints as text, as everywhere outside. */
const asJson = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each), 2);

/** Columns side by side, the first row being their names. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_name, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
