// The gates, one after another: one line each when all is well; what is wrong, in full. `npm run check`.
import { resolve } from 'node:path';
import { gates } from './gates.ts';

const root = resolve(import.meta.dirname, '../..');
const failed = new Set<string>();
for (const [name, gate] of Object.entries(gates)) {
  if (name === 'lint' && failed.has('types')) {
    console.log('FAILED lint (not run: it needs types that hold)');
    continue;
  }
  const startedAt = performance.now();
  const { ok, output } = await gate(root);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  if (ok) continue;
  failed.add(name);
  console.log(output);
}
process.exitCode = failed.size === 0 ? 0 : 1;
