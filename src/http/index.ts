export { createApp } from './app.ts';
export { type HttpServer, type ServerSettings, serve } from './server.ts';
export type { AppSettings, Mount, RequestObservation } from './types.ts';
