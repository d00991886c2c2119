// Run before the program (`--import`): moves the clock of a test build while it runs. FAULT_CLOCK_FILE holds by how many
// milliseconds; whatever asks for the time, packages too, gets the moved one. Timers and performance.now() run on.
import { readFileSync } from 'node:fs';

const file = process.env.FAULT_CLOCK_FILE ?? '';
const READ_EVERY_MS = 50;
const RealDate = Date;
let offsetMs = 0;
let readAtMs = -Infinity;

function now(): number {
  if (performance.now() - readAtMs > READ_EVERY_MS) {
    offsetMs = Number(readFileSync(file, 'utf8'));
    readAtMs = performance.now();
  }
  return RealDate.now() + offsetMs;
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given: unknown[], newTarget: typeof Date): object =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as object,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver): unknown => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
