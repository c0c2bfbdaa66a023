import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export default async function globalTeardown(): Promise<void> {
  const server = globalThis.testServer;
  if (!server) return;
  await server.stop();
  await rm(dirname(server.directory), { recursive: true, force: true });
  await rm(server.directory, { recursive: true, force: true });
}
