export { createApp } from './app.ts';
export { nobodySignsIn } from './nobody.ts';
export { type HttpServer, serve } from './server.ts';
export type { RequestObservation } from './types.ts';
