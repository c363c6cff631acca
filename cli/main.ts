import { tolerateClosedOutput } from '../local/standard-output.ts';
import { PolicyLoadError } from '../shared/policy/load.ts';
import { printable, printableLines } from '../shared/printable.ts';
import { apply } from './apply.ts';
import { manifests } from './manifests.ts';
import { serve } from './serve.ts';
import { UsageError, usage } from './usage.ts';
import { verifyImages } from './verify.ts';

const commands: Readonly<Record<string, (words: readonly string[]) => Promise<number>>> = {
  verify: verifyImages,
  apply,
  serve,
  manifests,
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
    return await command(words);
  } catch (thrown) {
    if (thrown instanceof UsageError)
      process.stderr.write(`countersign: ${printable(thrown.message)}\n(countersign --help)\n`);
    else if (thrown instanceof PolicyLoadError) process.stderr.write(`${thrown.message}\n`);
    else {
      const told = Error.isError(thrown) ? (thrown.stack ?? thrown.message) : String(thrown);
      process.stderr.write(`countersign: ${printableLines(told)}\n`);
    }
    return 2;
  }
}
