export { createApp } from './app.ts';
export { type HttpServer, type ServerSettings, serve } from './server.ts';
export type { AppSettings, Mount } from './settings.ts';
export type { RequestObservation } from './types.ts';
