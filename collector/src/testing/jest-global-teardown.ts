import { rm } from 'node:fs/promises';

export default async function globalTeardown(): Promise<void> {
  const { server, dataDir } = globalThis.testServer ?? {};
  await server?.stop();
  // As root the cluster may live outside of the data folder.
  for (const folder of [server?.directory, dataDir])
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
