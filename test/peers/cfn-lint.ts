import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { run } from './tools.ts';

/** The command of cfn-lint, which is installed where it is not there yet. */
export async function cfnLint(): Promise<string> {
  const { stdout } = await promisify(execFile)(join(import.meta.dirname, 'cfn-lint', 'install.sh'));
  return stdout.trim();
}

/** What cfn-lint says of a template. W3005: dependencies that osls writes out although references imply them. */
export function linted(lint: string, template: string) {
  return run(lint, ['-i', 'W3005', '--', template], { timeout: 120_000 });
}

export const clean = { code: 0, stdout: '', stderr: '' };
