import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { httpProblem } from './errors.ts';
import { contextOf } from './context.ts';
import { forwardedHost } from './rules.ts';
import type { AppSettings } from './settings.ts';

const ALWAYS_BARE = ['localhost', '127.0.0.1', '[::1]'];

/** Reads addresses and CIDR ranges; a wrong one stops the start. */
function addressList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const version = isIP(address);
    if (version === 0) throw new TypeError(`${entry} is neither an address nor a range of addresses`);
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

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
  const proxies = addressList(settings.trustedProxies);
  const isProxy = (address: string | undefined): boolean => {
    const plain = address?.replace(/^::ffff:(?=\d+\.)/, '');
    return plain !== undefined && isIP(plain) !== 0 && proxies.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
  };
  return async (request) => {
    const context = contextOf(request);
    const named = namedHost(request);
    const forwarded = request.headers['x-forwarded-host'];
    const host =
      typeof forwarded === 'string' && isProxy(request.socket.remoteAddress) ? forwardedHost(forwarded) : named;
    if (bare.has(withoutPort(host))) return;
    context.tenant = await settings.tenantOfHost(host);
    context.log = context.log.child({ tenant: context.tenant.slug });
  };
}
