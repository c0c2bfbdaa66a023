import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { CollectorError } from '../http/errors.ts';

/*
 * Tenants say where their messages go, and the collector stands inside a network that they do not. So an address that is not public is
 * refused where the connection is made: the address that was checked is the one that is connected to, whatever a name resolves to a moment later.
 */

/** IANA's special-purpose registries (RFC 6890 and later), and metadata services that live at public addresses. */
const REFUSED_NETWORKS = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10', // carrier-grade NAT; also a cloud's metadata at 100.100.100.200
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's wire server
  '169.254.0.0/16', // link-local; most clouds' metadata
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
  // Everything of IPv6 but global unicast (2000::/3): loopback, unspecified, v4-mapped, NAT64 (64:ff9b::), unique local, link-local,
  // site-local, multicast.
  '::/3',
  '4000::/2',
  '8000::/1',
  // What inside 2000::/3 is no host of its own, or carries an IPv4 address that could be a private one.
  '2001::/23', // Teredo, benchmarking, ORCHID
  '2001:db8::/32',
  '2002::/16', // 6to4
  '3fff::/20',
];

/** Why an address is not connected to. What it resolved to is left out: the tenant is told this. */
export class RefusedAddress extends CollectorError {
  override name = 'RefusedAddress';
}

export type ResolveAll = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface NetworkGuardOptions {
  /** Ranges that may be connected to although they are private, e.g. 10.1.0.0/16. */
  allowed?: readonly string[];
  /** All addresses of a name; the system's resolver unless a test says otherwise. */
  resolve?: ResolveAll;
}

/** Decides which addresses a tenant's messages may be sent to. */
export class NetworkGuard {
  readonly #refused = networksOf(REFUSED_NETWORKS);
  readonly #allowed: Networks;
  readonly #resolve: ResolveAll;

  constructor({ allowed = [], resolve = resolveAll }: NetworkGuardOptions = {}) {
    this.#allowed = networksOf(allowed);
    this.#resolve = resolve;
  }

  /** Whether an IP address may be connected to. */
  allows(address: string): boolean {
    const type = typeOf(address);
    if (type === undefined) return false;
    return this.#allowed[type].check(address, type) || !this.#refused[type].check(address, type);
  }

  /**
   * A URL as it may be connected to, as far as can be told without asking a name server.
   * @throws RefusedAddress for another scheme, a user or password, or an address that is refused
   */
  checkUrl(text: string): URL {
    if (!URL.canParse(text)) throw new RefusedAddress('It is not a URL.');
    // The parser has made one form of every way to write an IPv4 address: 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 here.
    const url = new URL(text);
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new RefusedAddress('A URL must start with https:// or http://.');
    if (url.username !== '' || url.password !== '')
      throw new RefusedAddress('A URL must not hold a user or a password.');
    const literal = addressOf(url);
    if (literal !== undefined && !this.allows(literal)) throw refused(url.hostname);
    return url;
  }

  /** For `http.request`'s `lookup`: gives out only addresses that were checked. One that is refused refuses the name. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname).then(
      (found) => {
        const wanted = options.family === 4 || options.family === 6 ? options.family : undefined;
        const addresses = found.filter(({ family }) => wanted === undefined || family === wanted);
        const [first] = addresses;
        if (!first) {
          callback(Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' }), '', 0);
        } else if (!found.every(({ address }) => this.allows(address))) {
          callback(refused(hostname), '', 0);
        } else if (options.all === true) {
          callback(null, addresses);
        } else {
          callback(null, first.address, first.family);
        }
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, '', 0),
    );
  };
}

/** The address that a URL names instead of a host, without an IPv6 address's brackets. */
function addressOf({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? undefined : bare;
}

function refused(host: string): RefusedAddress {
  return new RefusedAddress(
    `${host} is, or resolves to, an address in a private or reserved network. Whoever runs the collector can allow networks by NOTIFICATION_ALLOWED_NETWORKS.`,
  );
}

function resolveAll(hostname: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });
}

/**
 * The ranges of NOTIFICATION_ALLOWED_NETWORKS.
 * @throws CollectorError with one sentence for what is no range
 */
export function readAllowedNetworks(text: string | undefined): string[] {
  const ranges = text?.split(',').map((range) => range.trim()) ?? [];
  for (const range of ranges) {
    if (!isRange(range)) {
      throw new CollectorError(
        `NOTIFICATION_ALLOWED_NETWORKS: "${range}" must be an IP address or a range such as 10.1.0.0/16; several are separated by commas.`,
      );
    }
  }
  return ranges;
}

function isRange(range: string): boolean {
  const [address = '', bits, ...rest] = range.split('/');
  const family = isIP(address);
  const isPrefix =
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
  return family !== 0 && isPrefix && rest.length === 0 && !address.includes('%');
}

/** By family: a list of both would hold 8.8.8.8 to be in ::/3, as ::ffff:8.8.8.8. */
type Networks = Record<'ipv4' | 'ipv6', BlockList>;

function networksOf(ranges: readonly string[]): Networks {
  const networks = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const type = typeOf(address) ?? 'ipv4';
    if (bits === undefined) networks[type].addAddress(address, type);
    else networks[type].addSubnet(address, Number(bits), type);
  }
  return networks;
}

function typeOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const family = isIP(address);
  return family === 4 ? 'ipv4' : family === 6 ? 'ipv6' : undefined;
}
