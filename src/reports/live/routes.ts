import { type Route, streamRoute } from '../../platform/route.ts';
import { streamEvents } from './contract.ts';
import type { LiveStreams } from './service.ts';

/** The route of the live stream. */
export const liveRoutes = (live: Pick<LiveStreams, 'open'>): Route[] => [
  streamRoute(streamEvents, async (request, { incoming, response }) => {
    if (incoming.method === 'HEAD') response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end();
    else await live.open(request, response);
  }),
];
