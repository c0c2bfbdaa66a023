import { isIP } from 'node:net';
import { CollectorError } from '../http/errors.ts';

/**
 * TRUSTED_PROXIES as Fastify's `trustProxy` takes it: addresses and ranges.
 * @throws CollectorError with one sentence for what is neither
 */
export function readTrustedProxies(text: string | undefined): string[] | undefined {
  const ranges = text?.split(',').map((range) => range.trim());
  for (const range of ranges ?? []) {
    const [address = '', bits, ...rest] = range.split('/');
    const family = isIP(address);
    const isRange =
      bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32));
    if (family === 0 || !isRange || rest.length > 0) {
      throw new CollectorError(
        `TRUSTED_PROXIES: "${range}" must be an IP address or a range such as 10.0.0.0/8; several are separated by commas.`,
      );
    }
  }
  return ranges;
}
