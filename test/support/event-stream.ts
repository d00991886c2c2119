import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

/** One event of a stream, as it came. */
export type StreamEvent = { readonly id: string; readonly event: string; readonly data: unknown };

/** An open stream of Server-Sent Events, read by the rules of the HTML Living Standard, 9.2.6. */
export class EventStream {
  readonly events: StreamEvent[] = [];
  lastEventId = '';
  comments = 0;
  readonly #response: IncomingMessage;
  readonly #closed: Promise<void>;
  #waiting: (() => void)[] = [];
  #rest = '';
  #isClosed = false;

  constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    response.on('error', () => undefined);
    this.#closed = new Promise((resolve) =>
      response.once('close', () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      }),
    );
  }

  /** Resolves when the other side has ended or cut the stream. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  pause(): void {
    this.#response.pause();
  }

  resume(): void {
    this.#response.resume();
  }

  close(): void {
    this.#response.destroy();
  }

  /** The first event that fits, there already or still to come. */
  async next(fits: (event: StreamEvent) => boolean, msMax = 10_000): Promise<StreamEvent> {
    await this.until(() => this.events.some(fits), msMax);
    const found = this.events.find(fits);
    if (found === undefined) throw new Error('the stream has ended before');
    return found;
  }

  /** Resolves when something is true of what was read, or the stream has ended; rejects after `msMax`. */
  async until(isTrue: () => boolean, msMax = 10_000): Promise<void> {
    const deadline = AbortSignal.timeout(msMax);
    while (!isTrue() && !this.#isClosed) {
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.push(resolve)),
        once(deadline, 'abort').then(() => {
          throw new Error(`not so after ${msMax} ms; came: ${JSON.stringify(this.events.slice(-5))}`);
        }),
      ]);
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.#dispatch(block.split('\n'));
    this.#wake();
  }

  #dispatch(lines: readonly string[]): void {
    let event = 'message';
    let data = '';
    for (const line of lines) {
      if (line.startsWith(':')) this.comments += 1;
      else if (line.startsWith('id: ')) this.lastEventId = line.slice(4);
      else if (line.startsWith('event: ')) event = line.slice(7);
      else if (line.startsWith('data: ')) data += line.slice(6);
    }
    if (data !== '') this.events.push({ id: this.lastEventId, event, data: JSON.parse(data) as unknown });
  }
}

/** Opens a stream; what is no stream is given as its status and text. */
export async function openEventStream(asked: {
  readonly port: number;
  readonly token: string;
  readonly host?: string;
  readonly after?: string;
}): Promise<EventStream | { readonly status: number; readonly text: string }> {
  const asking = request({
    host: '127.0.0.1',
    port: asked.port,
    path: '/api/v1/events/stream',
    headers: {
      host: `${asked.host ?? 'acme.localhost'}:${asked.port}`,
      authorization: `Bearer ${asked.token}`,
      ...(asked.after === undefined ? {} : { 'last-event-id': asked.after }),
    },
    agent: false,
  });
  asking.end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  asking.on('error', () => undefined);
  if (response.statusCode === 200) return new EventStream(response);
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += String(piece);
  return { status: response.statusCode ?? 0, text };
}
