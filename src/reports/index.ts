export { liveRoutes } from './live/routes.ts';
export { type LiveSettings, type LiveStreams, makeLiveStreams } from './live/service.ts';
