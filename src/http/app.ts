import type { RequestListener } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { accessLog } from './access-log.ts';
import { sendProblem } from './answer.ts';
import { contextOf, openContext } from './context.ts';
import { httpProblem } from './errors.ts';
import { resolveHost } from './host.ts';
import { requireOperator } from './operator.ts';
import { allowOwnOrigins } from './origins.ts';
import { routerOf } from './routing.ts';
import type { AppSettings } from './settings.ts';

/** Pages load from this host alone: no inline script, nothing from elsewhere. The board brings inline styles, so they are let through. */
const security = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false, // The proxy that ends TLS sets it; over plain HTTP it means nothing.
});

/**
 * Assembles the application. In this order: the request's id and trace, the access log, headers that protect, whose host
 * it is, then the routes of that kind of host, and problems for all that is left.
 */
export function createApp(settings: AppSettings): RequestListener {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('case sensitive routing', true);
  app.use(openContext(settings));
  app.use(accessLog(settings.log));
  app.use(security);
  const resolve = resolveHost(settings);
  const allowOrigins = allowOwnOrigins(settings);
  app.use((request, response, next) => {
    resolve(request)
      .then(() => allowOrigins(request, response))
      .then(() => next(), next);
  });
  const bare = bareRouter(settings);
  const ofTenants = routerOf(settings, 'tenant');
  app.use((request, response, next) => {
    const router = contextOf(request).tenant === undefined ? bare : ofTenants;
    router(request, response, next);
  });
  app.use(() => {
    throw httpProblem('http.not_found');
  });
  const answerError = sendProblem(settings);
  // Express knows the handler of errors by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) =>
    answerError(error, request, response),
  );
  return app;
}

function bareRouter(settings: AppSettings): express.Router {
  const router = express.Router({ caseSensitive: true });
  for (const mount of settings.mounts) {
    router.use(mount.path, (request, response, next) => {
      requireOperator(settings.isOperator, request);
      mount.handler(request, response, next);
    });
  }
  router.use(routerOf(settings, 'bare'));
  return router;
}
