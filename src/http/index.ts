export { createApp } from './app.ts';
export { type HttpServer, serve } from './server.ts';
export type { RequestObservation } from './types.ts';
