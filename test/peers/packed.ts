import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './countersign.ts';
import { cleanEnvironment, run, runOk } from './tools.ts';

/** What packaging reads of a clone. */
const sources = [
  ...['bin', 'cli', 'functions', 'infra', 'local', 'policies', 'scripts', 'shared'],
  ...['package.json', 'package-lock.json', 'serverless.yml', 'tsconfig.json'],
];

export interface Packed {
  /** The admission function's zip. */
  readonly zip: Buffer;
  /** That of the function which publishes the trust root. */
  readonly trustRefresh: Buffer;
  /** The path of the CloudFormation template. */
  readonly template: string;
  readonly output: string;
}

/** A copy of the clone in `folder`, with the clone's dependencies and more policies, by their names in `policies/`. */
export async function copyOfClone(folder: string, policies: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const source of sources) await cp(join(root, source), join(folder, source), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, text] of Object.entries(policies)) {
    const file = join(folder, 'policies', name);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text);
  }
}

/** Whether a program can be run in a network namespace without any network. */
export const hasNoNetwork = spawnSync('unshare', ['-rn', 'true']).status === 0;

/** `npm run package` in a copy of the clone: without credentials, and without network where the system lets us take it away. */
export async function packageIn(folder: string, parameters: Readonly<Record<string, string>>): Promise<Packed> {
  const result = await tryPackage(folder, parameters);
  if (result.code !== 0) throw new Error(`npm run package: ${result.code}\n${result.stdout}${result.stderr}`);
  const [zip, trustRefresh] = await Promise.all(
    ['admission', 'trustRefresh'].map((name) => readFile(join(folder, '.serverless', `${name}.zip`))),
  );
  if (zip === undefined || trustRefresh === undefined) throw new Error('a zip is missing');
  const template = join(folder, '.serverless', 'cloudformation-template-update-stack.json');
  return { zip, trustRefresh, template, output: result.stdout + result.stderr };
}

export function tryPackage(folder: string, parameters: Readonly<Record<string, string>>) {
  const words = Object.entries(parameters).map(([name, value]) => `--param=${name}=${value}`);
  const npm = ['npm', 'run', 'package', '--', ...words];
  const [command = '', ...args] = hasNoNetwork ? ['unshare', '-rn', ...npm] : npm;
  return run(command, args, { cwd: folder, timeout: 240_000, wholeEnv: cleanEnvironment() });
}

export async function unzip(zip: Buffer, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = `${folder}.zip`;
  await writeFile(file, zip);
  await runOk('python3', ['-m', 'zipfile', '-e', file, folder]);
}
