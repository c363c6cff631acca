import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { codeOf } from '../shared/net/failure.ts';
import { messageOf } from '../shared/reasons.ts';

/** Of the demo; 0 takes a free one. */
export interface DemoPorts {
  readonly webhooks: number;
  readonly registry: number;
}

export const demoUsage = 'npm start -- [--port 9443] [--registry-port 5080]';
const highest = 65_535;
/** How far from a port that cannot be had another one is looked for. */
const furthest = 100;

/** Reads the words after `npm start --`; `help` where they ask for it, or what is wrong with them. */
export function demoPorts(words: readonly string[]): DemoPorts | 'help' | { readonly problem: string } {
  let values: { readonly port: string; readonly 'registry-port': string; readonly help: boolean };
  try {
    const port = { type: 'string', default: '9443' } as const;
    const registry = { type: 'string', default: '5080' } as const;
    const help = { type: 'boolean', short: 'h', default: false } as const;
    ({ values } = parseArgs({ args: [...words], options: { port, 'registry-port': registry, help } }));
  } catch (thrown) {
    // Node's own advice after the first sentence is about other programs.
    const message = messageOf(thrown);
    return { problem: message.split('. ', 1)[0] ?? message };
  }
  if (values.help) return 'help';
  const options = ['port', 'registry-port'] as const;
  const wrong = options.find((option) => !/^\d{1,5}$/.test(values[option]) || Number(values[option]) > highest);
  if (wrong !== undefined)
    return { problem: `--${wrong} takes a number from 0 to ${highest}, not '${values[wrong].slice(0, 40)}'` };
  return { webhooks: Number(values.port), registry: Number(values['registry-port']) };
}

/**
 * Tries both ports, before anything is made: what is wrong with either, and one command that both are right in. `undefined` where
 * both can be had.
 */
export async function portProblem({ webhooks, registry }: DemoPorts, host: string): Promise<string | undefined> {
  await using first = await listen(webhooks, host);
  await using second = await listen(registry, host);
  const tried = [first, second].map(({ problem }, index) => ({ problem, port: index === 0 ? webhooks : registry }));
  const problems = tried.filter(({ problem }) => problem !== undefined);
  if (problems.length === 0) return undefined;
  const told = problems.map(({ problem, port }) => `port ${port} on ${host} ${problem}`).join(', ');
  const free = first.problem === undefined ? webhooks : await freePort(webhooks, host, registry);
  const other = second.problem === undefined ? registry : await freePort(registry, host, free);
  return `${told}; try: npm start -- --port ${free} --registry-port ${other}`;
}

interface Tried extends AsyncDisposable {
  readonly problem: string | undefined;
}

/** Listens until it is disposed of, where it can. */
function listen(port: number, host: string): Promise<Tried> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const close = () => new Promise<void>((closed) => void server.close(() => closed()));
    server.once('error', (thrown) => {
      const problem = problems[codeOf(thrown) ?? ''];
      if (problem === undefined) reject(thrown);
      else resolve({ problem, [Symbol.asyncDispose]: async () => undefined });
    });
    server.listen(port, host, () => resolve({ problem: undefined, [Symbol.asyncDispose]: close }));
  });
}

const problems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'needs more rights',
};

/** A port after `taken` that can be had, other than `reserved`; 0, which takes any, where there is none near. */
async function freePort(taken: number, host: string, reserved: number): Promise<number> {
  const from = Math.max(taken + 1, 1024);
  for (let port = from; port <= Math.min(from + furthest, highest); port += 1) {
    if (port === reserved) continue;
    await using tried = await listen(port, host);
    if (tried.problem === undefined) return port;
  }
  return 0;
}
