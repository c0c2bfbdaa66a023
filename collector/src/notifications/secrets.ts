import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { CollectorError } from '../http/errors.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Secrets as they are stored. */
export interface StoredSecrets {
  isEncrypted: boolean;
  bytes: Buffer;
}

/** What was stored cannot be read with the key that the collector has. */
export class UnreadableSecrets extends CollectorError {
  override name = 'UnreadableSecrets';
}

/**
 * Keeps secrets of channels. With SECRETS_KEY they are encrypted (AES-256-GCM), bound to the channel that they are of, so that a
 * row cannot be put in another's place; without it they are stored as JSON that whoever reads the database can read.
 */
export class SecretKeeper {
  readonly #key: Buffer | undefined;

  constructor(secretsKey: string | undefined) {
    this.#key =
      secretsKey === undefined
        ? undefined
        : Buffer.from(hkdfSync('sha256', secretsKey, '', 'promptops notification secrets', 32));
  }

  seal(owner: SecretOwner, secrets: object): StoredSecrets {
    const text = Buffer.from(JSON.stringify(secrets), 'utf8');
    if (this.#key === undefined) return { isEncrypted: false, bytes: text };
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, iv).setAAD(boundTo(owner));
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    return { isEncrypted: true, bytes: Buffer.concat([iv, cipher.getAuthTag(), sealed]) };
  }

  /** @throws UnreadableSecrets without the key that they were sealed with */
  open(owner: SecretOwner, { isEncrypted, bytes }: StoredSecrets): unknown {
    if (!isEncrypted) return JSON.parse(bytes.toString('utf8'));
    if (this.#key === undefined)
      throw new UnreadableSecrets("The channel's secrets are encrypted, and SECRETS_KEY is not set.");
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, IV_BYTES))
        .setAAD(boundTo(owner))
        .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
      return JSON.parse(text.toString('utf8'));
    } catch (cause) {
      throw new UnreadableSecrets(
        "The channel's secrets were encrypted with another SECRETS_KEY; give them anew.",
        { cause },
      );
    }
  }
}

export interface SecretOwner {
  tenantId: string;
  channelId: number;
}

function boundTo({ tenantId, channelId }: SecretOwner): Buffer {
  return Buffer.from(`${tenantId}/${channelId}`, 'utf8');
}
