import { tolerateClosedOutput } from '../local/standard-output.ts';
import { asksForJson, problemsOf, textOf } from './problems.ts';
import { UsageError, usage } from './usage.ts';

type Command = (words: readonly string[]) => Promise<number>;

/** Each is loaded when it is asked for: none pays for the start of another. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  verify: async () => (await import('./verify.ts')).verifyImages,
  apply: async () => (await import('./apply.ts')).apply,
  test: async () => (await import('./suites/command.ts')).test,
  serve: async () => (await import('./serve.ts')).serve,
  manifests: async () => (await import('./manifests.ts')).manifests,
  conformance: async () => (await import('./conformance.ts')).conformance,
  trust: async () => (await import('./trust/trust.ts')).trust,
  token: async () => (await import('./tokens/command.ts')).token,
};

/** Runs one command and sets the exit status. */
export async function main(words: readonly string[]): Promise<void> {
  tolerateClosedOutput();
  // Node would end with status 1, which says that an image is denied.
  const crashed = (thrown: unknown) => process.exit(failed(thrown, words));
  process.on('uncaughtException', crashed);
  try {
    process.exitCode = await run(words);
  } finally {
    process.off('uncaughtException', crashed);
  }
}

async function run(words: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = words;
  if (name === '--help' || name === '-h' || name === 'help' || rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (command === undefined) {
      throw new UsageError(`there is no command '${name}', only ${Object.keys(commands).join(', ')}`);
    }
    return await (await command())(rest);
  } catch (thrown) {
    return failed(thrown, words);
  }
}

/** Tells why there is no verdict: people on standard error, and who asked for JSON on standard output as well. */
function failed(thrown: unknown, words: readonly string[]): 2 {
  process.stderr.write(textOf(thrown));
  if (asksForJson(words)) {
    process.stdout.write(`${JSON.stringify({ verdict: 'error', problems: problemsOf(thrown) }, null, 2)}\n`);
  }
  return 2;
}
