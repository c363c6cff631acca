import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanEnvironment, type Tool, tool } from './tools.ts';

/** A server among the peers, running. */
export interface Program {
  readonly name: Tool;
  /** Path of what it prints. */
  readonly log: string;
  readonly child: ChildProcess;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

/** `env` is added to the clean environment. */
export async function startProgram(
  name: Tool,
  log: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const output = await open(log, 'w');
  const child = spawn(await tool(name), args, {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', output.fd, output.fd],
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  await output.close();
  const stop = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return { name, log, child, stop };
}

/** Asks until the answer is `true`; anything else is what it says when time is up. Throws with the log of a program that ended. */
export async function untilReady(
  programs: readonly Program[],
  timeout: number,
  ask: () => Promise<unknown>,
): Promise<void> {
  const end = Date.now() + timeout;
  for (;;) {
    for (const { name, log, child } of programs) {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) continue;
      throw new Error(`${name} ended before it was ready:\n${(await readFile(log, 'utf8')).slice(-4000)}`);
    }
    const answer = await ask().catch(String);
    if (answer === true) return;
    const names = programs.map(({ name }) => name).join(', ');
    if (Date.now() > end) throw new Error(`not ready in time: ${names}: ${JSON.stringify(answer)}`);
    await delay(100);
  }
}

/** Ports that were free a moment ago, for programs that cannot be asked which one they took. */
export async function freePorts(count: number): Promise<number[]> {
  const taken = await Promise.all(Array.from({ length: count }, take));
  await Promise.all(taken.map(({ free }) => free()));
  return taken.map(({ port }) => port);
}

function take(): Promise<{ port: number; free(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const holder = createServer().once('error', reject);
    holder.listen(0, '127.0.0.1', () => {
      const address = holder.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({ port, free: () => new Promise((done) => holder.close(() => done())) });
    });
  });
}
