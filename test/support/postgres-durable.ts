import { postgresForTests } from './postgres.ts';

/** The server of the fault tests: nothing that makes commits durable is switched off. */
export default postgresForTests({ durable: true });
