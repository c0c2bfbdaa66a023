import { expect, test } from '@jest/globals';
import { SecretKeeper, UnreadableSecrets } from './secrets.ts';

const KEY = 'a'.repeat(32);
const owner = { tenantId: 'acme', channelId: 7 };
const secrets = { webhook_url: 'https://hooks.slack.com/services/T/B/hush' };

test('with a key what is stored tells nothing, and is read again', () => {
  const keeper = new SecretKeeper(KEY);
  const stored = keeper.seal(owner, secrets);
  expect(stored.isEncrypted).toBe(true);
  expect(stored.bytes.toString('latin1')).not.toContain('hush');
  expect(keeper.open(owner, stored)).toEqual(secrets);
  expect(keeper.seal(owner, secrets).bytes.equals(stored.bytes)).toBe(false);
});

test('without the key, with another one, changed, or in another channel’s place they cannot be read', () => {
  const stored = new SecretKeeper(KEY).seal(owner, secrets);
  const changed = { ...stored, bytes: Buffer.from(stored.bytes) };
  changed.bytes.writeUInt8((changed.bytes.at(-1) ?? 0) ^ 1, changed.bytes.length - 1);
  expect(() => new SecretKeeper(undefined).open(owner, stored)).toThrow(/SECRETS_KEY is not set/);
  for (const open of [
    () => new SecretKeeper('b'.repeat(32)).open(owner, stored),
    () => new SecretKeeper(KEY).open(owner, changed),
    () => new SecretKeeper(KEY).open({ ...owner, channelId: 8 }, stored),
    () => new SecretKeeper(KEY).open({ ...owner, tenantId: 'other' }, stored),
  ])
    expect(open).toThrow(UnreadableSecrets);
});

test('what was stored before there was a key is still read', () => {
  const stored = new SecretKeeper(undefined).seal(owner, secrets);
  expect(stored.isEncrypted).toBe(false);
  expect(new SecretKeeper(KEY).open(owner, stored)).toEqual(secrets);
});
