import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** The binaries that install.sh builds, one folder of this one each. */
export type Tool =
  | 'cosign2'
  | 'cosign3'
  | 'crane'
  | 'distribution'
  | 'etcd'
  | 'ggcr-registry'
  | 'kube-apiserver'
  | 'kubectl'
  | 'kyverno'
  | 'kyverno-oracle'
  | 'notary'
  | 'rekor2'
  | 'sigstore-go'
  | 'tsa';

export interface RunOptions {
  /** Added to the clean environment of `cleanEnvironment`, */
  env?: Record<string, string>;
  /** or all of the environment. */
  wholeEnv?: Record<string, string>;
  cwd?: string;
  /** Written to stdin, which is empty without it. */
  input?: string | Uint8Array;
  /** Milliseconds until the process is killed; 60 s by default. */
  timeout?: number;
}

export interface RunResult {
  /** The exit status; -1 when a signal, a timeout included, ended the process. */
  code: number;
  stdout: string;
  stderr: string;
}

const folder = import.meta.dirname;
let installed: Promise<{ bin: string }> | undefined;

/**
 * The folder of the peers' binaries: COUNTERSIGN_PEERS_BIN when set, else what install.sh has built (minutes, the first time).
 * Throws with install.sh's own words when it fails.
 */
export function peers(): Promise<{ bin: string }> {
  installed ??= install();
  return installed;
}

async function install(): Promise<{ bin: string }> {
  const given = process.env.COUNTERSIGN_PEERS_BIN;
  if (given !== undefined && given !== '') return { bin: given };
  const { stdout } = await promisify(execFile)(join(folder, 'install.sh'));
  const bin = stdout.trimEnd().split('\n').at(-1);
  if (bin === undefined || bin === '') throw new Error('test/peers/install.sh printed no folder');
  return { bin };
}

/** The path of one of the peers' binaries. */
export async function tool(name: Tool): Promise<string> {
  return join((await peers()).bin, name);
}

/**
 * An environment into which nothing of the user's leaks: an empty home, no docker configuration, no cloud or Sigstore variables.
 * The proxy is a port where nothing listens, so that a peer which tries to reach the internet fails at once (Go never uses a
 * proxy for loopback).
 */
export function cleanEnvironment(): Record<string, string> {
  const home = emptyHome();
  const nowhere = 'http://127.0.0.1:9';
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: home,
    DOCKER_CONFIG: join(home, '.docker'),
    XDG_CONFIG_HOME: join(home, '.config'),
    TMPDIR: tmpdir(),
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    OTEL_TRACES_EXPORTER: 'none',
  };
}

/** The PATH without the clone's own tools: what is left is the machine's Node, whatever its age. */
export function machinePath(): string {
  const paths = (process.env.PATH ?? '').split(delimiter);
  return paths.filter((path) => !path.includes('node_modules')).join(delimiter);
}

let home: string | undefined;

/** Under jest, setup.ts makes the home and teardown.ts removes it: a test's `process` emits no `exit`. */
function emptyHome(): string {
  const given = process.env.COUNTERSIGN_PEERS_HOME;
  if (given !== undefined && given !== '') return given;
  if (home === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'countersign-peers-home-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    home = made;
  }
  return home;
}

/** Runs a program to its end. Resolves whatever its exit status; rejects only if it cannot be started. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const timeout = options.timeout ?? 60_000;
    const child = spawn(command, args, {
      env: options.wholeEnv ?? { ...cleanEnvironment(), ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      timeout,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal !== null) stderr += `\nended by ${signal} (the time limit is ${timeout} ms)`;
      resolve({ code: code ?? -1, stdout, stderr });
    });
    // A program that exits before it has read its input closes the pipe: its status tells the story.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** Runs a program that must succeed. Throws with its arguments and all it printed otherwise. */
export async function runOk(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    throw new Error(`${command} ${args.join(' ')}: exit status ${result.code}\n${result.stdout}${result.stderr}`);
  }
  return result;
}
