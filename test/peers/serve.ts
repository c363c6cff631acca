import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { selfSigned } from '../../local/tls.ts';
import type { AdmissionRecord } from '../../shared/answer/record.ts';
import { countersign } from './countersign.ts';
import { cleanEnvironment } from './tools.ts';

export interface RunningServer {
  url: string;
  /** Sends a document to a path; the server's certificate is checked. */
  post(path: string, document: unknown): Promise<{ status: number; body: string }>;
  get(path: string): Promise<{ status: number; body: string }>;
  /** The last line of its log about an admission that `is` accepts; waits for one if there is none yet. */
  logged(is: (record: AdmissionRecord) => boolean): Promise<AdmissionRecord>;
  /** All that it has printed on standard output. */
  output(): string;
  /** Asks it to end as Ctrl-C does, and gives its exit status. */
  stop(): Promise<number | null>;
}

const startTimeout = 20_000;

export interface ServeOptions {
  /** More of the command line. */
  args?: readonly string[];
  /** The program; the clone's by default. */
  command?: string;
  env?: Record<string, string>;
  /** `given` by default: a certificate of these tests, which is checked. `made`: the one that it makes for itself, which is not. */
  certificate?: 'given' | 'made';
}

/** `countersign serve`, run as a program on a free port. Files that it needs are kept in `dir`. */
export async function startServe(dir: string, policies: string, options: ServeOptions = {}): Promise<RunningServer> {
  const { args = [], command = countersign, env = {}, certificate = 'given' } = options;
  const tls = certificate === 'given' ? await certificateIn(dir) : { ca: undefined, args: [] };
  const words = ['serve', '--policies', policies, '--addr', '127.0.0.1:0', ...tls.args, ...args];
  const child = spawn(command, words, { env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const { stdout } = child;
  let output = '';
  stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const url = await urlOf(child, child.stderr);
  const call = (method: string, path: string, body?: string) => send(method, url + path, tls.ca, body);
  return {
    url,
    post: (path, document) => call('POST', path, JSON.stringify(document)),
    get: (path) => call('GET', path),
    async logged(is) {
      for (;;) {
        const lines = output.split('\n').slice(0, -1);
        const found = lines.map((line): AdmissionRecord => JSON.parse(line)).findLast(is);
        if (found !== undefined) return found;
        await once(stdout, 'data', { signal: AbortSignal.timeout(5_000) });
      }
    },
    output: () => output,
    stop() {
      child.kill('SIGINT');
      return exited;
    },
  };
}

async function certificateIn(dir: string): Promise<{ ca: string; args: string[] }> {
  const { certPem, keyPem } = await selfSigned({});
  const [cert, key] = [join(dir, 'tls.crt'), join(dir, 'tls.key')];
  await writeFile(cert, certPem);
  await writeFile(key, keyPem, { mode: 0o600 });
  return { ca: certPem, args: ['--tls-cert', cert, '--tls-key', key] };
}

function urlOf(child: ChildProcess, stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const fail = (why: string) => {
      child.kill();
      reject(new Error(`countersign serve ${why}:\n${seen}`));
    };
    const timer = setTimeout(fail, startTimeout, 'did not start in time');
    stderr.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
      const found = /^serving (https:\/\/127\.0\.0\.1:\d+)\//m.exec(seen)?.[1];
      if (found === undefined) return;
      clearTimeout(timer);
      resolve(found);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      fail('ended before it served');
    });
  });
}

function send(
  method: string,
  url: string,
  ca: string | undefined,
  body?: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(40_000);
    const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = request(url, { method, ...trust, headers, signal, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    call.once('error', reject);
    call.end(body);
  });
}
