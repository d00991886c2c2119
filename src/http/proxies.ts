import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { plainAddress } from '../platform/addresses.ts';
import { forwardedHost, lastUntrusted } from './rules.ts';

/** What a request says of its way here, as far as it can be believed. */
export type Way = {
  /** The host that was asked for, with its port. */
  readonly host: string;
  /** The address that asks. */
  readonly remoteAddress: string;
  /** Whether it was asked by TLS. */
  readonly isSecure: boolean;
};

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

const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(',') : value;

/**
 * Reads what trusted proxies say of a request: X-Forwarded-Host, -Proto and -For. Nobody else's word counts, so that no
 * caller can pass for another by writing these headers himself.
 */
export function wayReader(trusted: readonly string[]): (request: IncomingMessage, host: string) => Way {
  const list = addressList(trusted);
  const isProxy = (address: string): boolean => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
  return (request, host) => {
    const peer = plainAddress(request.socket.remoteAddress ?? '');
    const isByTls = 'encrypted' in request.socket;
    if (!isProxy(peer)) return { host, remoteAddress: peer, isSecure: isByTls };
    const { 'x-forwarded-host': named, 'x-forwarded-for': hops, 'x-forwarded-proto': protocol } = request.headers;
    const forwarded = single(named);
    const addresses = (single(hops) ?? '').split(',').map((hop) => plainAddress(hop.trim()));
    return {
      host: forwarded === undefined ? host : forwardedHost(forwarded),
      remoteAddress: lastUntrusted(addresses, isProxy, (address) => isIP(address) !== 0) ?? peer,
      isSecure: protocol === undefined ? isByTls : forwardedHost(single(protocol) ?? '').toLowerCase() === 'https',
    };
  };
}
