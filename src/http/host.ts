import type { IncomingMessage } from 'node:http';
import { httpProblem } from './errors.ts';
import { contextOf } from './context.ts';
import { wayReader } from './proxies.ts';
import type { AppSettings } from './settings.ts';

const ALWAYS_BARE = ['localhost', '127.0.0.1', '[::1]'];

const withoutPort = (host: string): string => host.replace(/:\d+$/, '').toLowerCase().replace(/\.$/, '');

/** The one host that a request names. Two Host lines, or an address line that says otherwise, are refused: a proxy may have read the other. */
function namedHost(request: IncomingMessage): string {
  const lines = request.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length;
  const host = request.headers.host;
  if (lines !== 1 || host === undefined || host === '') throw httpProblem('http.host_ambiguous');
  const address = request.url ?? '';
  if (!address.startsWith('/') && address !== '*') {
    const authority = URL.canParse(address) ? new URL(address).host : '';
    if (authority !== host.toLowerCase())
      throw httpProblem('http.host_ambiguous', { detail: 'The address line and the Host header differ' });
  }
  return host;
}

/**
 * Decides before anything else whose host was asked: the installation's own, or a tenant's. A name of neither is refused
 * here, so that nothing about the address it asked for can be learned.
 */
export function resolveHost(settings: AppSettings): (request: IncomingMessage) => Promise<void> {
  const bare = new Set([...ALWAYS_BARE, ...settings.baseHosts.map((host) => host.toLowerCase())]);
  const readWay = wayReader(settings.trustedProxies);
  return async (request) => {
    const context = contextOf(request);
    context.way = readWay(request, namedHost(request));
    if (bare.has(withoutPort(context.way.host))) return;
    context.tenant = await settings.tenantOfHost(context.way.host);
    context.log = context.log.child({ tenant: context.tenant.slug });
  };
}
