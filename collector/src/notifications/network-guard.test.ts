import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { post } from './http-post.ts';
import { NetworkGuard, readAllowedNetworks, type ResolveAll } from './network-guard.ts';

const guard = new NetworkGuard();

describe('an address in a private or reserved network is refused', () => {
  test.each([
    '0.0.0.0', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.0.9', '168.63.129.16',
    '169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.1.1',
    '198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
    '::', '::1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1',
    '2002:7f00:1::', '3fff::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fec0::1', 'ff02::1', '4000::1', 'not an address', '',
  ])('%s', (address) => expect(guard.allows(address)).toBe(false)); // prettier-ignore

  test.each(['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.0.0.1', '128.0.0.1', '169.253.0.1', '172.15.255.255',
    '172.32.0.0', '192.167.0.1', '192.169.0.1', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450::1', '2001:200::1'])(
    'but %s, which is public, is not', (address) => expect(guard.allows(address)).toBe(true)); // prettier-ignore
});

describe('a URL is refused', () => {
  test.each([
    // What names 127.0.0.1, 10.0.0.1 or a metadata service in another way.
    'http://127.0.0.1/', 'http://2130706433/', 'http://0x7f000001/', 'http://0177.0.0.1/', 'http://0x7f.1/', 'http://127.1/', 'http://017700000001/',
    'http://12７.0.0.1/', 'http://①②⑦.0.0.1/', 'http://[::1]/', 'http://[0:0:0:0:0:0:0:1]:8080/', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::169.254.169.254]/', 'http://169.254.169.254/latest/meta-data', 'http://0xa9fea9fe/', 'https://10.0.0.1:8443/x',
  ])('%s', (url) => expect(() => guard.checkUrl(url)).toThrow(/private or reserved network/)); // prettier-ignore

  test.each([
    ['ftp://example.com/', /must start with https/],
    ['file:///etc/passwd', /must start with https/],
    ['gopher://example.com/_x', /must start with https/],
    ['javascript:alert(1)', /must start with https/],
    ['https://user:password@example.com/', /must not hold a user/],
    ['https://user@example.com/', /must not hold a user/],
    ['http://[fe80::1%25eth0]/', /not a URL/],
    ['http://256.1.1.1/', /not a URL/],
    ['example.com', /not a URL/],
    ['', /not a URL/],
  ])('%s', (url, why) => expect(() => guard.checkUrl(url)).toThrow(why));

  test('but not when it is public', () => {
    expect(guard.checkUrl('https://hooks.slack.com/services/T/B/x').host).toBe('hooks.slack.com');
    expect(guard.checkUrl('http://8.8.8.8:8080/').hostname).toBe('8.8.8.8');
  });
});

test('networks that the operator allows may be connected to, and no others', () => {
  const allowing = new NetworkGuard({ allowed: readAllowedNetworks('10.1.0.0/16, 127.0.0.1,fd12::/16') });
  expect(['10.1.2.3', '127.0.0.1', 'fd12::9', '8.8.8.8'].every((one) => allowing.allows(one))).toBe(true);
  expect(['10.2.0.1', '127.0.0.2', 'fd13::9', '::ffff:10.2.0.1'].some((one) => allowing.allows(one))).toBe(
    false,
  );
});

test.each(['10.0.0.0/33', 'intranet', '10.0.0.0/8/8', 'fe80::1%eth0', '::/129', ''])(
  '%j is no network',
  (range) => {
    expect(() => readAllowedNetworks(range)).toThrow(
      /NOTIFICATION_ALLOWED_NETWORKS: ".*" must be an IP address or a range/,
    );
  },
);

describe('a name is judged by what it resolves to when it is connected to', () => {
  let server: Server;
  let port: number;
  let hits = 0;
  beforeAll(async () => {
    server = createServer((_request, response) => {
      hits += 1;
      response.end('ok');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => void server.close());

  const sendTo = (host: string, options: ConstructorParameters<typeof NetworkGuard>[0]) =>
    post(`http://${host}:${port}/hook`, { guard: new NetworkGuard(options), headers: {}, body: '{}' });
  const resolvesTo =
    (...addresses: string[]): ResolveAll =>
    () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

  test('localhost, by the resolver of the system', async () => {
    expect(await sendTo('localhost', {})).toMatchObject({
      kind: 'dead',
      error: expect.stringMatching(/^localhost is, or resolves to/),
    });
    expect(hits).toBe(0);
  });

  test.each([['127.0.0.1'], ['10.0.0.5'], ['::1'], ['::ffff:127.0.0.1'], ['93.184.216.34', '127.0.0.1']])(
    'a public name that resolves to %j %j is refused, and the address is not told',
    async (...addresses) => {
      const outcome = await sendTo('hooks.example.com', { resolve: resolvesTo(...addresses) });
      expect(outcome).toMatchObject({
        kind: 'dead',
        error: expect.stringMatching(/NOTIFICATION_ALLOWED_NETWORKS/),
      });
      expect(JSON.stringify(outcome)).not.toContain(addresses[0]);
      expect(hits).toBe(0);
    },
  );

  test('what a name resolves to a moment later is not asked: the address that was checked is connected to', async () => {
    const answers = ['127.0.0.1', '127.0.0.2'];
    const asked: string[] = [];
    const outcome = await sendTo('rebinding.example.com', {
      allowed: ['127.0.0.1'],
      resolve: (name) => {
        asked.push(name);
        return Promise.resolve([{ address: answers.shift() ?? '', family: 4 }]);
      },
    });
    expect([outcome.kind, asked, hits]).toEqual(['delivered', ['rebinding.example.com'], 1]);
  });

  test('a name that is not known is tried again later', async () => {
    const resolve: ResolveAll = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
    expect(await sendTo('nowhere.example.com', { resolve })).toEqual({
      kind: 'retry',
      error: 'The receiver has a name that is not known.',
      responseStatus: null,
    });
  });
});
