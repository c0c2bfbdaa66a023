import carried from '@sparticuz/chromium';

/** As root, in a container, and without a word to the network. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
];

/** The browser that CHROMIUM_PATH names, else the one that an npm package carries (Linux on x86-64), which is unpacked at first. */
export async function chromiumPath(): Promise<string> {
  return process.env['CHROMIUM_PATH'] ?? (await carried.executablePath());
}
