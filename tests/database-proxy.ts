import { connect, createServer, type Server, type Socket } from 'node:net';

/** Between the collector and its database: cuts connections at chosen moments. */
export interface DatabaseProxy {
  connectionString: string;
  /**
   * What happens to the next COMMIT: 'before' cuts the connection instead of passing it on, 'after' passes it on and cuts before the
   * answer gets back. Each is used up by one COMMIT.
   */
  cutNextCommit(when: 'before' | 'after'): void;
  /** Cuts everything and takes no connection, until `resume`. */
  pause(): void;
  resume(): void;
  cuts(): number;
  close(): Promise<void>;
}

const COMMIT = Buffer.from('COMMIT\0');

export async function startDatabaseProxy(target: string): Promise<DatabaseProxy> {
  const url = new URL(target);
  const [port, host] = [Number(url.port), url.hostname];
  const sockets = new Set<Socket>();
  const plan: ('before' | 'after')[] = [];
  let [isPaused, cutCount] = [false, 0];
  const server: Server = createServer((downstream) => {
    if (isPaused) {
      downstream.destroy();
      return;
    }
    const upstream = connect(port, host);
    let isMuted = false;
    for (const socket of [downstream, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
    downstream.on('close', () => upstream.destroy());
    upstream.on('close', () => downstream.destroy());
    downstream.on('data', (chunk) => {
      if (chunk.includes(COMMIT) && plan.length > 0) {
        cutCount += 1;
        if (plan.shift() === 'before') {
          downstream.destroy();
          return;
        }
        // The answer proves that the server has committed; the collector never sees it.
        isMuted = true;
        upstream.once('data', () => downstream.destroy());
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (!isMuted) downstream.write(chunk);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  url.port = String(typeof address === 'object' && address ? address.port : 0);
  url.hostname = '127.0.0.1';
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    connectionString: url.toString(),
    cutNextCommit: (when) => plan.push(when),
    pause: () => {
      isPaused = true;
      cutAll();
    },
    resume: () => {
      isPaused = false;
    },
    cuts: () => cutCount,
    close: async () => {
      cutAll();
      await new Promise((done) => server.close(done));
    },
  };
}
