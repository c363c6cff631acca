import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

// A new function is one file: it is made of the parts that it names, and what the others need is not loaded.

interface Ran {
  /** What the program printed last, a line of JSON. */
  readonly printed: unknown;
  /** The function's own lines. */
  // biome-ignore lint/suspicious/noExplicitAny: lines of the log, of which a test reads what it expects
  readonly lines: readonly any[];
}

/** Runs a program as Node runs the sources; in it `packages()` is what has been loaded so far from node_modules. */
async function run(program: string, environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const prelude = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({ load(url, context, next) {
      loaded.add(/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]);
      return next(url, context);
    } });
    const packages = () => [...loaded].filter((name) => name !== undefined);
    const wiring = (name) => import(${JSON.stringify(import.meta.dirname)} + '/' + name);
    const shared = (name) => import(${JSON.stringify(join(import.meta.dirname, '../../shared'))} + '/' + name);`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '-e', prelude + program],
    { env: { PATH: process.env['PATH'], AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand', ...environment } },
  );
  const lines = `${stderr}${stdout}`
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  return { printed: lines.pop(), lines };
}

/** What only those who read policies, check signatures, call registries, read secrets or ask for ECR's tokens need. */
const ofOthers = [
  ...['undici', 'yaml', 'zod', '@aws-sdk/client-secrets-manager', '@aws-sdk/client-ecr'],
  ...['@sigstore/verify', '@sigstore/bundle', '@sigstore/core', '@peculiar/x509', 'lru-cache'],
];

/** Renews a generation in the ledger's table, which is all that it does. */
const forgetful = `
  const [{ awsConfig }, { tableConfig }, { readConfig }, { start }, { observed }, { ledgerTable }, { renewGeneration }] =
    await Promise.all([
      wiring('config/aws.ts'), wiring('config/ledger.ts'), wiring('config/settings.ts'), wiring('start.ts'),
      wiring('observability.ts'), wiring('table.ts'), shared('ledger/generation.ts'),
    ]);
  const { config, observability } = start({
    service: 'forgetful',
    read: () => readConfig(process.env, (settings) => ({ ...awsConfig(settings), ...tableConfig(settings) })),
  });
  const sent = [];
  const client = { send: async ({ input }) => { sent.push(input); return {}; } };
  const handler = observed(async ({ repository }) => {
    const table = ledgerTable({ config, metrics: observability.metrics, client });
    await renewGeneration(table, { repository }, { clock: Date.now, signal: AbortSignal.timeout(5000) });
    observability.metrics.count('renewed');
  }, observability);`;

test('a function that has the table alone renews a generation, and loads nothing of policies, registries and secrets', async () => {
  const { printed, lines } = await run(
    `${forgetful}
    await handler({ repository: { registry: 'ghcr.io', path: 'team/app' } }, { awsRequestId: 'r-1' });
    console.log(JSON.stringify({ table: sent[0], packages: packages() }));`,
    { AWS_REGION: 'eu-west-1', LEDGER_TABLE: 'ledger' },
  );
  const item = { pk: { S: 'gen#ghcr.io/team/app' }, sk: { S: 'gen' } };
  expect(printed).toMatchObject({ table: { TableName: 'ledger', Item: item } });
  expect(printed).toMatchObject({ packages: expect.arrayContaining(['@aws-sdk/client-dynamodb']) });
  const { packages } = printed as { readonly packages: readonly string[] };
  expect(packages.filter((name) => ofOthers.includes(name))).toEqual([]);
  expect(lines).toContainEqual(expect.objectContaining({ service: 'forgetful', renewed: 1 }));
});

test('it is asked for its own settings, and what is wrong with them is told', async () => {
  const { printed, lines } = await run(
    `${forgetful}
    observability.flush();
    console.log(JSON.stringify({ configured: config !== undefined }));`,
    { AWS_REGION: '' },
  );
  expect(printed).toEqual({ configured: false });
  expect(lines.map(({ problem }) => problem).filter(Boolean)).toEqual([
    "the function's environment is wrong:\n  AWS_REGION is not set\n  LEDGER_TABLE is not set",
  ]);
  expect(lines).toContainEqual(expect.objectContaining({ service: 'forgetful', 'config-invalid': 1 }));
});

test('a function with registries loads the HTTP client when one is asked, and no reader of policies', async () => {
  const { printed } = await run(`
    const { lazyRegistry } = await wiring('registry/lazy.ts');
    const config = { account: '123456789012', vpcRanges: [], privateHosts: [], registryCa: undefined, ecrAccounts: [] };
    const observability = { metrics: { count: () => undefined } };
    const times = { clock: Date.now, elapsed: () => performance.now() };
    const { load } = lazyRegistry({ config, ...times, roots: [], observability });
    const before = packages();
    await load();
    console.log(JSON.stringify({ before, after: packages() }));`);
  expect(printed).toMatchObject({ before: [], after: expect.arrayContaining(['undici']) });
  const { after } = printed as { readonly after: readonly string[] };
  expect(after.filter((name) => ['yaml', 'zod', '@aws-sdk/client-secrets-manager'].includes(name))).toEqual([]);
});

test('a function with policies loads their reader, and no HTTP client', async () => {
  const { printed } = await run(`
    await wiring('policies-in-force.ts');
    console.log(JSON.stringify(packages()));`);
  expect(printed).toEqual(expect.arrayContaining(['yaml']));
  expect(printed).not.toContain('undici');
});

test('a function that verifies loads the trust root and S3 when a check needs them, and never TUF', async () => {
  const { printed } = await run(
    `
    const { functionRoots } = await wiring('trust/roots.ts');
    const config = { region: 'eu-west-1', trustBucket: 'b', trustRoot: 'carried', trustRootMaxAge: 90 };
    const observability = { warning: () => undefined };
    const objects = { read: () => Promise.reject(new Error('down')) };
    const roots = functionRoots({ config, root: '', clock: Date.now, observability, objects });
    const before = packages();
    await roots();
    const after = packages();
    const published = functionRoots({ config, root: '', clock: Date.now, observability });
    await published();
    console.log(JSON.stringify({ before, after, all: packages() }));`,
    { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' },
  );
  expect(printed).toMatchObject({ before: [], after: expect.arrayContaining(['@sigstore/protobuf-specs']) });
  const { after, all } = printed as { readonly after: readonly string[]; readonly all: readonly string[] };
  expect(after.filter((name) => name.startsWith('@aws-sdk/'))).toEqual([]);
  expect(all).toContain('@aws-sdk/client-s3');
  expect(all.filter((name) => /tuf/.test(name))).toEqual([]);
});
