import { constants } from 'node:os';
import { runCli } from './cli/program.ts';

/** The operator's command line: `npm run cascade -- <noun> <verb>`. Ctrl-C closes what is open first. */
process.exitCode = await runCli(process.argv.slice(2), {
  environment: process.env,
  write: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
  onOpen: (close) => {
    const endBy = (signal: 'SIGINT' | 'SIGTERM'): void =>
      void close().finally(() => process.exit(128 + constants.signals[signal]));
    process.once('SIGINT', endBy).once('SIGTERM', endBy);
  },
});
