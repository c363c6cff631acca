import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tokenSecret } from '../../local/token-secret.ts';
import { startSecretStore, type TestSecretStore } from '../../shared/aws/testing/secret-store.ts';
import { inThisProcess } from '../../test/e2e/processes.ts';
import { token } from './command.ts';

let store: TestSecretStore;
let folder = '';
let made = 0;

beforeEach(async () => {
  store = await startSecretStore();
  folder = await mkdtemp(join(tmpdir(), 'countersign-token-'));
  made = 0;
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const minute = 60_000;
const tokenOf = (number: number) => String(number).repeat(64);

/** A run of the command against the store, whose tokens are 1…, 2…, in their order. */
async function run(...words: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const told = { stdout: '', stderr: '' };
  const writes = (['stdout', 'stderr'] as const).map((name) => {
    const before = process[name].write;
    process[name].write = (text: string | Uint8Array) => {
      told[name] += String(text);
      return true;
    };
    return () => {
      process[name].write = before;
    };
  });
  const newToken = () => {
    made += 1;
    return tokenOf(made);
  };
  try {
    await token(words, {
      secretOf: (options) => tokenSecret({ ...options, ...store.client }),
      clock: () => store.now,
      newToken,
    });
  } finally {
    for (const restore of writes) restore();
  }
  return told;
}

const inSecret = (name: string, cluster: string, ...more: string[]) =>
  run(name, '--cluster', cluster, '--secret', 'tokens', ...more);
const held = () => JSON.parse(store.text ?? '{}');

test('a cluster is added beside the others; standard output is its token alone', async () => {
  const { stdout, stderr } = await inSecret('add', 'prod');
  expect(stdout).toBe(`${tokenOf(1)}\n`);
  expect(stderr).toMatch(/^countersign: prod has a token now/);
  expect(stderr).not.toContain(tokenOf(1));
  await inSecret('add', 'staging');
  expect(held()).toEqual({ prod: [tokenOf(1)], staging: [tokenOf(2)] });
});

test('a token is rotated by way of two, and the first is retired when every instance knows the second', async () => {
  await inSecret('add', 'prod');
  await inSecret('add', 'staging');
  expect((await inSecret('rotate', 'prod')).stdout).toBe(`${tokenOf(3)}\n`);
  expect(held()).toEqual({ prod: [tokenOf(1), tokenOf(3)], staging: [tokenOf(2)] });
  store.now += 10 * minute - 1;
  await expect(inSecret('retire', 'prod')).rejects.toMatchObject({
    name: 'TokenChangeError',
    message: expect.stringMatching(/less than 10 minutes ago, .* retire after 2026-01-01T00:10:00\.000Z$/),
  });
  store.now += 1;
  expect((await inSecret('retire', 'prod')).stdout).toBe('');
  expect(held()).toEqual({ prod: [tokenOf(3)], staging: [tokenOf(2)] });
});

test('a cluster that is no more is taken out at once, and no other', async () => {
  await inSecret('add', 'prod');
  await inSecret('add', 'staging');
  await inSecret('retire', 'staging', '--all');
  expect(held()).toEqual({ prod: [tokenOf(1)] });
});

test('what would log somebody out is not done', async () => {
  await inSecret('add', 'prod');
  const before = store.text;
  await expect(inSecret('add', 'prod')).rejects.toThrow('prod has a token already: rotate it');
  store.now += 10 * minute;
  await expect(inSecret('retire', 'prod')).rejects.toThrow('without which its calls would be refused');
  await expect(inSecret('rotate', 'staging')).rejects.toThrow('staging has no token: add one');
  expect(store.text).toBe(before);
});

test('one cluster’s mistake in the secret is no obstacle for another', async () => {
  store.put('{"prod": ["short"]}');
  await inSecret('add', 'staging');
  expect(held()).toEqual({ prod: ['short'], staging: [tokenOf(1)] });
  await inSecret('retire', 'prod', '--all');
  await inSecret('add', 'prod');
  expect(held()).toEqual({ staging: [tokenOf(1)], prod: [tokenOf(2)] });
});

test('--file changes the text of a secret in a file, which nobody else may read', async () => {
  const file = join(folder, 'tokens.json');
  await run('add', '--cluster', 'prod', '--file', file);
  await run('rotate', '--cluster', 'prod', '--file', file);
  await run('add', '--cluster', 'staging', '--file', file);
  await run('retire', '--cluster', 'prod', '--file', file);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ prod: [tokenOf(2)], staging: [tokenOf(3)] });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  // As the AWS command line leaves it for a secret without a value.
  const empty = join(folder, 'empty.json');
  await writeFile(empty, '\n');
  await run('add', '--cluster', 'prod', '--file', empty);
  expect(JSON.parse(await readFile(empty, 'utf8'))).toEqual({ prod: [tokenOf(4)] });
  expect(store.calls).toEqual([]);
});

test('--print prints the commands, with no token in them, and calls nobody', async () => {
  const arn = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:TokensSecret-AbCdEf';
  const { stdout } = await run('retire', '--all', '--cluster', 'prod', '--secret', arn, '--print');
  expect(stdout).toBe(`umask 077
aws secretsmanager get-secret-value --secret-id ${arn} --region eu-central-1 --query SecretString --output text > countersign-tokens.json &&
countersign token retire --all --cluster prod --file countersign-tokens.json &&
  aws secretsmanager put-secret-value --secret-id ${arn} --region eu-central-1 --secret-string file://countersign-tokens.json
rm countersign-tokens.json
`);
  expect((await inSecret('add', 'prod', '--print')).stdout).not.toContain(tokenOf(1));
  expect(store.calls).toEqual([]);
});

describe('in a shell, the commands of --print', () => {
  /** Runs them where the AWS command line answers so, and tells what it was asked; `read`: the secret's text, if it can be read. */
  async function inShell(command: string, { read, versions }: { read?: string; versions?: number }) {
    const { stdout } = await inSecret(command, 'staging', '--print');
    const asked = join(folder, 'asked');
    const programs = {
      aws: `case $2 in
  get-secret-value) ${read === undefined ? 'exit 254' : `printf '%s\\n' '${read}'`};;
  describe-secret) ${versions === undefined ? 'exit 254' : `echo ${versions}`};;
  put-secret-value) cp countersign-tokens.json put;;
esac`,
      // What ours does with an empty file: it is a secret without a value.
      countersign: `test "$2" != add || test -s countersign-tokens.json || echo first > countersign-tokens.json`,
    };
    for (const [name, text] of Object.entries(programs)) {
      await writeFile(join(folder, name), `#!/bin/sh\necho "$0 $2" >> ${asked}\n${text}\n`, { mode: 0o755 });
    }
    const PATH = `${folder}:${process.env['PATH'] ?? ''}`;
    await promisify(execFile)('/bin/sh', ['-c', stdout], { cwd: folder, env: { PATH } });
    const calls = (await readFile(asked, 'utf8')).trimEnd().split('\n');
    expect(existsSync(join(folder, 'countersign-tokens.json'))).toBe(false);
    return calls.map((call) => call.split('/').at(-1));
  }

  test('change what was read', async () => {
    for (const command of ['add', 'rotate', 'retire']) {
      await rm(join(folder, 'asked'), { force: true });
      expect(await inShell(command, { read: '{"prod": []}' })).toEqual([
        ...['aws get-secret-value', `countersign ${command}`, 'aws put-secret-value'],
      ]);
      expect(await readFile(join(folder, 'put'), 'utf8')).toBe('{"prod": []}\n');
    }
  });

  test('write the first value of a secret that has no version', async () => {
    expect((await inShell('add', { versions: 0 })).at(-1)).toBe('aws put-secret-value');
    expect(await readFile(join(folder, 'put'), 'utf8')).toBe('first\n');
  });

  test.each([{}, { versions: 1 }])('write nothing where what there is was not read: %j', async (answers) => {
    for (const command of ['add', 'rotate', 'retire']) {
      expect((await inShell(command, answers)).filter((call) => !/ (?:get|describe)-secret/.test(call ?? ''))).toEqual(
        [],
      );
    }
  });
});

test.each<[string[], string]>([
  [[], 'write countersign token add|rotate|retire'],
  [['show'], "there is no command 'token show'"],
  [['add', '--secret', 'tokens'], '--cluster NAME is missing'],
  [['add', '--cluster', 'a/b', '--secret', 'tokens'], "'a/b' is no name of a cluster"],
  [['add', '--cluster', '$(id)', '--secret', 'tokens', '--print'], "'$(id)' is no name of a cluster"],
  [['add', '--cluster', 'prod'], 'give --secret ID'],
  [['add', '--cluster', 'prod', '--secret', 'tokens', '--file', 'x'], 'give --secret ID'],
  [['add', '--cluster', 'prod', '--secret', 'x; rm', '--print'], "--secret takes a secret's name or ARN"],
  [['add', '--cluster', 'prod', '--file', 'x', '--print'], 'give --secret, not --file'],
  [['rotate', '--cluster', 'prod', '--secret', 'tokens', '--all'], '--all is for retire'],
  [['add', '--cluster', 'prod', '--token', 'x'], 'there is no --token here: a token is made here'],
])('%j is a wrong use', async (words, message) => {
  await expect(run(...words)).rejects.toMatchObject({ name: 'UsageError', message: expect.stringContaining(message) });
  expect(store.calls).toEqual([]);
});

test('what a secret or AWS has against it ends with status 2, and is no defect', async () => {
  const file = join(folder, 'tokens.json');
  await writeFile(file, '{"prod": ');
  const { status, stdout, stderr } = await inThisProcess(['token', 'add', '--cluster', 'prod', '--file', file]);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toBe('countersign: what the secret holds is not to be changed: it does not parse as JSON\n');
});
