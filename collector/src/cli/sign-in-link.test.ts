import { expect, test } from '@jest/globals';
import { readConfiguration } from '../configuration/configuration.ts';
import { addressOf, readSessionScopes } from './sign-in-link.ts';

test.each<[Record<string, string>, string]>([
  [{}, 'http://127.0.0.1:8080'],
  [{ HOST: '0.0.0.0', PORT: '9000' }, 'http://127.0.0.1:9000'],
  [{ HOST: '::' }, 'http://127.0.0.1:8080'],
  [{ HOST: '::1' }, 'http://[::1]:8080'],
  [{ HOST: 'llm.example' }, 'http://llm.example:8080'],
  [{ HOST: '0.0.0.0', PUBLIC_URL: 'https://llm.example' }, 'https://llm.example'],
])('with %j a link leads to %s', (env, address) => {
  expect(addressOf(readConfiguration(env))).toBe(address);
});

test('with a free port nobody knows where it leads', () => {
  expect(() => addressOf(readConfiguration({ PORT: '0' }))).toThrow(/set PUBLIC_URL/);
});

test('a link is made for reading or administering, and for nothing else', () => {
  expect(readSessionScopes('read, admin,read')).toEqual(['read', 'admin']);
  expect(() => readSessionScopes('ingest')).toThrow(/"ingest" is not a scope of a session/);
  expect(() => readSessionScopes('')).toThrow(/not a scope/);
});
