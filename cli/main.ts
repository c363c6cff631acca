import { tolerateClosedOutput } from '../local/standard-output.ts';
import { PolicyLoadError } from '../shared/policy/load.ts';
import { UsageError, usage } from './usage.ts';

type Command = (words: readonly string[]) => Promise<number>;

/** Each is loaded when it is asked for: none pays for the start of another. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  verify: async () => (await import('./verify.ts')).verifyImages,
  apply: async () => (await import('./apply.ts')).apply,
  serve: async () => (await import('./serve.ts')).serve,
  manifests: async () => (await import('./manifests.ts')).manifests,
};

/** Runs one command and sets the exit status. */
export async function main(words: readonly string[]): Promise<void> {
  tolerateClosedOutput();
  process.exitCode = await run(words);
}

async function run([name = '--help', ...words]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h' || name === 'help' || words.includes('--help') || words.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (command === undefined) throw new UsageError(`there is no command '${name}': verify, apply, serve, manifests`);
    return await (await command())(words);
  } catch (thrown) {
    if (thrown instanceof UsageError) process.stderr.write(`countersign: ${thrown.message}\n(countersign --help)\n`);
    else if (thrown instanceof PolicyLoadError) process.stderr.write(`${thrown.message}\n`);
    else
      process.stderr.write(
        `countersign: ${Error.isError(thrown) ? (thrown.stack ?? thrown.message) : String(thrown)}\n`,
      );
    return 2;
  }
}
