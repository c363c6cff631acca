import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { main } from '../../cli/main.ts';

export const root = join(import.meta.dirname, '..', '..');
export const countersign = join(root, 'bin', 'countersign');

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The command line in this process, for what ends before it does anything: it saves the start of a process. What it would have
 * left as its exit status is given back, and nothing of it stays.
 */
export async function inThisProcess(words: readonly string[]): Promise<Ended> {
  const printed = { stdout: '', stderr: '' };
  const { exitCode } = process;
  const streams = ['stdout', 'stderr'] as const;
  const writes = streams.map((name) => process[name].write);
  const listening = process.stdout.listeners('error');
  for (const name of streams) {
    process[name].write = (text: string | Uint8Array) => {
      printed[name] += Buffer.from(text).toString('utf8');
      return true;
    };
  }
  try {
    await main(words);
    return { status: Number(process.exitCode), ...printed };
  } finally {
    for (const [index, name] of streams.entries()) process[name].write = writes[index] ?? process[name].write;
    // Each test file has modules of its own, and the process is one for many: Node warns of the eleventh.
    for (const listener of process.stdout.listeners('error')) {
      if (!listening.includes(listener)) process.stdout.off('error', listener as () => void);
    }
    process.exitCode = exitCode;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  /** Variables beside those of every run. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that runs until it is told to stop. */
export interface Running extends AsyncDisposable {
  /** All that it has printed so far, on either stream. */
  readonly printed: () => string;
  /** Resolves with what `pattern` found once it has been printed; rejects if the process ends first. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends the signal to this process alone, and waits for its end. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
}

const environment = {
  ...process.env,
  // Not the credentials of whoever runs the tests.
  DOCKER_CONFIG: join(tmpdir(), 'countersign-no-such-folder'),
  NO_COLOR: '1',
  // Each run reads the same sources: half of its time is spared.
  NODE_COMPILE_CACHE: join(tmpdir(), 'countersign-compile-cache'),
};

/** Runs a command to its end. */
export function run(command: string, words: readonly string[], { cwd = root, input = '', env = {} }: RunOptions = {}) {
  const child = spawn(command, words, { cwd, env: { ...environment, ...env } });
  child.stdin.on('error', () => undefined).end(input);
  return ended(child);
}

/** Starts a command that does not end by itself. */
export function start(
  command: string,
  words: readonly string[],
  { cwd = root, env = {} }: Omit<RunOptions, 'input'> = {},
): Running {
  const child = spawn(command, words, { cwd, env: { ...environment, ...env } });
  const end = ended(child);
  let text = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      for (const look of waiting) look();
    });
  }
  return {
    printed: () => text,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(text);
          if (found === null) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        end.then(({ status }) => reject(new Error(`it ended with ${status} and printed:\n${text}`)));
      }),
    stop: (signal) => {
      child.kill(signal);
      return end;
    },
    // For a test that fails before it has stopped it: nothing outlives the run.
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await end;
    },
  };
}

function ended(child: ChildProcess): Promise<Ended> {
  const printed = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString('utf8')));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, ...printed }));
  });
}

/** A folder that goes when it is disposed of, with these files in it. */
export async function folderWith(files: Readonly<Record<string, string | Uint8Array>>) {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-test-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return {
    path: folder,
    file: (name: string) => join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A port that something listens on until it is disposed of. */
export async function busyPort() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}
