export { liveRoutes } from './live/routes.ts';
export { liveDefaults, type LiveSettings, type LiveStreams, makeLiveStreams } from './live/service.ts';
