/**
 * Named points around commits and calls to the outside, at which a test build pauses, fails or is killed. This file is
 * what production runs: nothing. A test process started with `--conditions=fault-test` gets test/support/fault-points.ts
 * in its place (package.json, "imports").
 */
export const reach = (_point: string): Promise<void> | undefined => undefined;
