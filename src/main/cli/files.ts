import { readFile } from 'node:fs/promises';
import { cliProblem } from './errors.ts';

/** The text of a file that a command names; `cli.file_invalid` where it cannot be read. */
export async function textOfFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw cliProblem('cli.file_invalid', {
      cause: error,
      detail: `${file}: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
}
