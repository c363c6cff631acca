import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newKey } from '../../local/signer/keys.ts';
import { policy } from '../e2e/documents.ts';
import { copyOfClone, hasNoNetwork } from './packed.ts';
import { cleanEnvironment, run } from './tools.ts';

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON of any shape, and what is read of it is compared with what it should be
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** What a deployment would ask of CloudFormation. */
export interface Rendered {
  /** The path of the template. */
  readonly file: string;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, { readonly Value: unknown }>>;
  /** osls's settings of the provider, which are beside the template. */
  readonly provider: Readonly<Record<string, unknown>>;
  ofType(type: string): Resource[];
}

export type Parameters = Readonly<Record<string, string>>;

export const inVpc: Parameters = {
  endpoint: 'private',
  vpcId: 'vpc-0123456789abcdef0',
  vpcRanges: '10.0.0.0/16,100.64.0.0/16,fd00:ec2::/56',
  subnetIds: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  routeTableIds: 'rtb-0123456789abcdef0',
};

/**
 * A copy of the clone that templates can be rendered in: with a policy for every cluster, and functions without code, since no template
 * shows more of it than a hash.
 */
export async function clonesTemplates(folder: string): Promise<void> {
  await copyOfClone(folder, { 'all.yaml': policy({ images: 'registry.example/team/*', keys: [newKey()] }) });
  for (const name of ['admission', 'trust-refresh']) {
    await mkdir(join(folder, 'dist', name), { recursive: true });
    await writeFile(join(folder, 'dist', name, 'index.mjs'), 'export const handler = () => undefined;\n');
  }
}

export function tryRender(folder: string, parameters: Parameters, region = 'eu-west-1', output = '.serverless') {
  // osls takes no empty value: what is left out has its default.
  const given = Object.entries(parameters).filter(([, value]) => value !== '');
  const words = given.map(([name, value]) => `--param=${name}=${value}`);
  const osls = ['npx', 'serverless', 'package', '--region', region, '--package', output, ...words];
  const [command = '', ...args] = hasNoNetwork ? ['unshare', '-rn', ...osls] : osls;
  return run(command, args, { cwd: folder, timeout: 120_000, wholeEnv: cleanEnvironment() });
}

let renderings = 0;

/** The template of a deployment with these parameters. */
export async function render(folder: string, parameters: Parameters, region?: string): Promise<Rendered> {
  renderings += 1;
  const output = join(folder, `rendered-${renderings}`);
  const { code, stdout, stderr } = await tryRender(folder, parameters, region, output);
  if (code !== 0) throw new Error(`serverless package: ${code}\n${stdout}${stderr}`);
  const file = join(output, 'cloudformation-template-update-stack.json');
  const { Resources: resources, Outputs: outputs } = JSON.parse(await readFile(file, 'utf8'));
  const state = JSON.parse(await readFile(join(output, 'serverless-state.json'), 'utf8'));
  return {
    file,
    resources,
    outputs,
    provider: state.service.provider,
    ofType: (type) => Object.values<Resource>(resources).filter(({ Type }) => Type === type),
  };
}
