import { describe, expect, test } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { requireOwnPage, requireSameOrigin } from './same-origin.ts';

const requestOf = (
  method: string,
  headers: Record<string, string>,
  host = 'llm.example:8080',
): FastifyRequest => ({ method, headers, host }) as unknown as FastifyRequest;
const forbidden = expect.objectContaining({ status: 403 });

describe('a change by session cookie', () => {
  const OWN = { 'x-promptops-request': '1' };

  test.each<[string, Record<string, string>]>([
    ['the header alone, of a program or an old browser', OWN],
    ['a page of this origin', { ...OWN, 'sec-fetch-site': 'same-origin', origin: 'http://llm.example:8080' }],
    ['a page of this host behind a proxy that speaks TLS', { ...OWN, origin: 'https://llm.example:8080' }],
  ])('is taken with %s', (_name, headers) => {
    expect(() => requireOwnPage(requestOf('POST', headers), undefined)).not.toThrow();
  });

  test.each<[string, Record<string, string>]>([
    ['no header', { 'sec-fetch-site': 'same-origin', origin: 'http://llm.example:8080' }],
    ['another value of the header', { 'x-promptops-request': 'yes' }],
    ['a page of another site', { ...OWN, 'sec-fetch-site': 'cross-site' }],
    ['a page of a sibling domain', { ...OWN, 'sec-fetch-site': 'same-site' }],
    ['an address typed by hand', { ...OWN, 'sec-fetch-site': 'none' }],
    ['another Origin', { ...OWN, origin: 'http://evil.example' }],
    ['another port', { ...OWN, origin: 'http://llm.example:8081' }],
    ['a host that begins alike', { ...OWN, origin: 'http://llm.example:8080.evil.example' }],
    ['an opaque Origin', { ...OWN, origin: 'null' }],
    ['an Origin that is no URL', { ...OWN, origin: 'llm.example:8080' }],
    ['an Origin of another kind', { ...OWN, origin: 'file://llm.example:8080' }],
  ])('is refused with %s', (_name, headers) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect(() => requireOwnPage(requestOf(method, headers), undefined)).toThrow(forbidden);
  });

  test('is not what GET and HEAD are', () => {
    for (const method of ['GET', 'HEAD'])
      expect(() => requireOwnPage(requestOf(method, {}), undefined)).not.toThrow();
  });
});

test('the default port may be told or not', () => {
  const request = requestOf('POST', { origin: 'https://llm.example' }, 'llm.example:443');
  expect(() => requireSameOrigin(request, undefined)).not.toThrow();
});

test('with PUBLIC_URL its origin is one’s own too: a proxy may tell another host', () => {
  const request = requestOf('POST', { origin: 'https://llm.example' }, '10.0.0.7:8080');
  expect(() => requireSameOrigin(request, 'https://llm.example/')).not.toThrow();
  expect(() => requireSameOrigin(request, 'https://other.example')).toThrow(forbidden);
  expect(() => requireSameOrigin(request, undefined)).toThrow(/PUBLIC_URL/);
});
