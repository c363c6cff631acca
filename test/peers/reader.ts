import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, open, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { root } from './countersign.ts';
import { type Block, statusOf } from './markdown.ts';
import { cleanEnvironment, machinePath, runOk, type Tool, tool } from './tools.ts';

/** Someone who follows a page: a clone of their own, cosign 3 and crane on the PATH, and the commands typed one after the other. */
export interface Reader {
  /** Types a block of commands into a new shell at the clone's root; processes that it leaves in the background go on. */
  type(commands: string): Promise<{ code: number; output: string }>;
  /** `npm start` in another terminal, until it says that it serves. Throws with its output where it does not get there. */
  npmStart(): Promise<void>;
  /** Ends all that was started, `npm start` as Ctrl-C does, and removes the clone. */
  leave(): Promise<void>;
}

interface Terminal {
  child: ChildProcess;
  /** Until all of its processes are gone. */
  closed: Promise<void>;
  output(): string;
}

export interface ReaderOptions {
  /** On the PATH beside cosign and crane. */
  readonly tools?: readonly Tool[];
  /** Variables that are set in the reader's terminals. */
  readonly env?: Readonly<Record<string, string>>;
}

const longest = 60_000;

export async function newReader({ tools = [], env: more = {} }: ReaderOptions = {}): Promise<Reader> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-reader-'));
  const clone = join(dir, 'countersign');
  await copyWorkingTree(clone);
  const env = { ...(await environmentIn(dir, tools)), ...more };
  const groups: number[] = [];
  let demo: Terminal | undefined;
  let typed = 0;

  return {
    async type(commands) {
      typed += 1;
      const file = join(dir, `${typed}.out`);
      const output = await open(file, 'w');
      // A group of its own, so that whatever stays in the background can be ended; a file, since it would hold a pipe open.
      const stdio = ['ignore', output.fd, output.fd] as const;
      const child = spawn('sh', ['-ec', commands], { cwd: clone, env, detached: true, stdio: [...stdio] });
      if (child.pid !== undefined) groups.push(child.pid);
      const code = await new Promise<number>((resolve, reject) => {
        const timer = setTimeout(() => child.kill('SIGKILL'), longest);
        child.once('error', reject);
        child.once('exit', (status) => {
          clearTimeout(timer);
          resolve(status ?? -1);
        });
      });
      await output.close();
      return { code, output: await readFile(file, 'utf8') };
    },
    async npmStart() {
      const child = spawn('npm', ['start'], { cwd: clone, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      let seen = '';
      const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
      const started: Terminal = { child, closed, output: () => seen };
      await new Promise<void>((resolve, reject) => {
        const fail = (why: string) => reject(new Error(`npm start ${why}:\n${seen}`));
        const timer = setTimeout(fail, longest, 'did not get to serve in time');
        const read = (text: string) => {
          seen += text;
          if (!seen.includes('Ctrl-C stops')) return;
          clearTimeout(timer);
          resolve();
        };
        child.stdout.setEncoding('utf8').on('data', read);
        child.stderr.setEncoding('utf8').on('data', read);
        child.once('error', reject);
        child.once('exit', () => {
          clearTimeout(timer);
          fail('ended');
        });
      }).catch((thrown: unknown) => {
        if (child.pid !== undefined) signal(child.pid, 'SIGKILL');
        throw thrown;
      });
      demo = started;
    },
    async leave() {
      for (const group of groups) signal(group, 'SIGKILL');
      try {
        if (demo !== undefined) await interrupt(demo);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
  };
}

/** Types a block of a page and gives what it printed. Throws with that where it does not end as the block says. */
export async function typeBlock(reader: Reader, block: Block): Promise<string> {
  const { code, output } = await reader.type(block.text);
  if (code === statusOf(block)) return output;
  throw new Error(`line ${block.line}: exit status ${code} instead of ${statusOf(block)}:\n${output}`);
}

/** Types commands that no page has, and gives what they printed. Throws with that where they fail. */
export async function typeOk(reader: Reader, commands: string): Promise<string> {
  const { code, output } = await reader.type(commands);
  if (code === 0) return output;
  throw new Error(`${commands}: exit status ${code}:\n${output}`);
}

/** All that git would have in a commit of the working tree, with this tree's node_modules in place of an `npm ci`. */
async function copyWorkingTree(clone: string): Promise<void> {
  const listed = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const gone = await runOk('git', ['-C', root, 'ls-files', '--deleted', '-z']);
  const deleted = new Set(gone.stdout.split('\0'));
  const { stdout } = await runOk('git', ['-C', root, ...listed]);
  for (const path of stdout.split('\0')) {
    if (path === '' || deleted.has(path)) continue;
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await cp(join(root, path), join(clone, path));
  }
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
}

async function environmentIn(dir: string, tools: readonly Tool[]): Promise<Record<string, string>> {
  const [home, bin] = [join(dir, 'home'), join(dir, 'bin')];
  await Promise.all([mkdir(home), mkdir(bin)]);
  await symlink(await tool('cosign3'), join(bin, 'cosign'));
  for (const name of ['crane', ...tools] as const) await symlink(await tool(name), join(bin, name));
  return {
    ...cleanEnvironment(),
    PATH: [bin, machinePath()].join(delimiter),
    HOME: home,
    DOCKER_CONFIG: join(home, '.docker'),
    XDG_CONFIG_HOME: join(home, '.config'),
    // curl, unlike Go, would send even loopback to the proxy that keeps these tests off the internet.
    NO_PROXY: 'localhost,127.0.0.1',
  };
}

/** Ctrl-C: a signal to all of the terminal's processes. It has to be the end of them, and a clean one. */
async function interrupt({ child: { pid }, closed, output }: Terminal): Promise<void> {
  if (pid === undefined) return;
  const timer = setTimeout(signal, 10_000, pid, 'SIGKILL');
  signal(pid, 'SIGINT');
  await closed;
  clearTimeout(timer);
  if (!output().endsWith('\nstopped\n')) throw new Error(`npm start did not stop cleanly:\n${output()}`);
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name);
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'ESRCH') throw thrown;
  }
}
