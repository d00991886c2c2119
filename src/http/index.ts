export { descriptionRoutes } from './description/routes.ts';
export { type ApiDescription, describeApi } from './description/document.ts';
export { createApp } from './app.ts';
export { makeLimit, makeLimits } from './limits.ts';
export { nobodySignsIn } from './nobody.ts';
export { type HttpServer, serve } from './server.ts';
export type { Mount } from './settings.ts';
export type { RequestObservation } from './types.ts';
