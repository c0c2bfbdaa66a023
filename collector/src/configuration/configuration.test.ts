import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hidePassword, printableConfiguration, readConfiguration } from './configuration.ts';
import { configurationReference } from './reference.ts';
import { readTrustedProxies } from './trusted-proxies.ts';

test('without any variable the defaults are those of a first try', () => {
  expect(readConfiguration({})).toMatchObject({
    PORT: 8080,
    HOST: '127.0.0.1',
    DATA_DIR: './data',
    LOG_LEVEL: 'info',
  });
  expect(readConfiguration({}).DATABASE_URL).toBeUndefined();
});

test('an empty variable is an unset one', () => {
  expect(readConfiguration({ PORT: '', DATABASE_URL: '' })).toEqual(readConfiguration({}));
});

test('numbers are read as numbers', () => {
  expect(readConfiguration({ PORT: '9000' }).PORT).toBe(9000);
});

describe('a wrong value is one sentence that names the variable', () => {
  test.each([
    [{ PORT: '80.5' }, /^PORT: "80.5" must be integer/],
    [{ DATABASE_READ_URL: 'http://x' }, /^DATABASE_READ_URL: the value given must be a URL/],
    [{ BOOTSTRAP_API_KEY: 'with spaces in it, and long' }, /^BOOTSTRAP_API_KEY: the value given/],
    [{ INGEST_CONNECTIONS: '99' }, /^INGEST_CONNECTIONS: "99" must be <= 16/],
    [{ PUBLIC_URL: 'llm.example' }, /^PUBLIC_URL: the value given must be a URL that starts with http:/],
    [{ PUBLIC_URL: 'https://llm.example/path' }, /^PUBLIC_URL: .*has no path/],
    [{ TRUSTED_PROXIES: '10.0.0.0/8, nginx' }, /^TRUSTED_PROXIES: "nginx" must be an IP address or a range/],
    [{ TRUSTED_PROXIES: '10.0.0.0/33' }, /^TRUSTED_PROXIES: "10.0.0.0\/33" must be/],
    [
      { NOTIFICATION_ALLOWED_NETWORKS: '10.0.0.0/8,intranet' },
      /^NOTIFICATION_ALLOWED_NETWORKS: "intranet" must/,
    ],
    [{ SMTP_URL: 'mail.example.com' }, /^SMTP_URL: the value given must be a URL that starts with smtp:/],
    [{ SMTP_URL: 'smtp://mail.example.com' }, /^SMTP_URL: the sender is missing; set SMTP_FROM/],
    [{ SMTP_FROM: 'a@example.com' }, /^SMTP_FROM: the mail server is missing; set SMTP_URL/],
    [{ SMTP_URL: 'smtp://m.example', SMTP_FROM: 'a@b\r\nBcc: c@d' }, /^SMTP_FROM: .* must be an address/],
    [{ SECRETS_KEY: 'short' }, /^SECRETS_KEY: the value given must be 32 to 200/],
  ])('%j', (env, sentence) => {
    expect(() => readConfiguration(env)).toThrow(sentence);
  });
});

test('proxies are named by addresses and ranges of both families', () => {
  const { TRUSTED_PROXIES } = readConfiguration({ TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8' });
  expect(readTrustedProxies(TRUSTED_PROXIES)).toEqual(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']);
  expect(readTrustedProxies(undefined)).toBeUndefined();
});

test('secrets are hidden when it is printed', () => {
  const configuration = readConfiguration({
    BOOTSTRAP_API_KEY: 'a-secret-of-sixteen-or-more',
    DATABASE_URL: 'postgres://user:geheim@host:5432/db?password=geheim',
  });
  const printed = JSON.stringify(printableConfiguration(configuration));
  expect(printed).not.toMatch(/geheim|a-secret/);
  expect(printed).toContain('postgres://user:***@host:5432/db');
  expect(hidePassword('postgres://nothing to see')).toBe('[hidden]');
});

test('docs/configuration.md is that of the schema (else run: npm run -s promptops -- configuration > docs/configuration.md)', async () => {
  const file = join(import.meta.dirname, '../../../docs/configuration.md');
  // Prettier aligns the table; what it says is compared.
  const words = (text: string): string => text.replaceAll(/ +|-+/g, ' ');
  expect(words(await readFile(file, 'utf8'))).toBe(words(configurationReference()));
});
