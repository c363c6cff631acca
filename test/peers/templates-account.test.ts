import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cfnLint, clean, linted } from './cfn-lint.ts';
import { root } from './countersign.ts';
import {
  clonesTemplates,
  inVpc,
  type Parameters,
  type Rendered,
  type Resource,
  render,
  tryRender,
} from './rendered.ts';

// What an account asks of all that is made in it, in both variants; and that nothing is asked where no parameter says so.

const tags = { team: 'platform', 'cost-centre': '42=a' };
const key = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const boundary = 'arn:aws:iam::111122223333:policy/boundaries/workloads';
const signing = 'arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0';
const asked: Parameters = {
  tags: 'team=platform,cost-centre=42=a',
  permissionsBoundary: boundary,
  terminationProtection: 'true',
  codeSigningConfig: signing,
  encryptionKey: key,
  retainLogs: 'true',
};

/** What CloudFormation makes without tags. */
const untagged = [
  ...['ApiGateway::Deployment', 'ApiGateway::Method', 'ApiGateway::Resource', 'ApiGatewayV2::Integration'],
  ...['ApiGatewayV2::Route', 'EC2::SecurityGroupEgress', 'IAM::ManagedPolicy', 'IAM::Policy', 'Lambda::Alias'],
  ...['Lambda::Permission', 'Lambda::Version', 'S3::BucketPolicy'],
].map((type) => `AWS::${type}`);

let dir: string;
let lint: string;
let variants: Record<'http' | 'private', { readonly asked: Rendered; readonly plain: Rendered }>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-peers-'));
  lint = await cfnLint();
  const clone = join(dir, 'clone');
  await clonesTemplates(clone);
  variants = {
    http: { asked: await render(clone, asked), plain: await render(clone, {}) },
    private: { asked: await render(clone, { ...inVpc, ...asked }), plain: await render(clone, inVpc) },
  };
}, 600_000);

afterAll(() => rm(dir, { recursive: true, force: true }));

/** A resource's tags by their names, whichever way they are written; `undefined`: it has none. */
function tagsOf({ Properties }: Resource): Readonly<Record<string, unknown>> | undefined {
  const { Tags } = Properties;
  return Array.isArray(Tags) ? Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) : Tags;
}

describe.each(['http', 'private'] as const)('%s', (variant) => {
  test('all that can have tags has them', () => {
    const without = Object.values(variants[variant].asked.resources).filter((one) => tagsOf(one) === undefined);
    expect(without.map(({ Type }) => Type).filter((type) => !untagged.includes(type))).toEqual([]);
    for (const resource of Object.values(variants[variant].asked.resources)) {
      if (!untagged.includes(resource.Type)) expect(tagsOf(resource)).toMatchObject(tags);
    }
  });

  test('every role has the boundary', () => {
    const roles = variants[variant].asked.ofType('AWS::IAM::Role');
    expect(roles).toHaveLength(2);
    for (const { Properties } of roles) expect(Properties['PermissionsBoundary']).toBe(boundary);
  });

  test('every function takes signed code alone, and its versions whatever zip was signed', () => {
    const { asked: rendered } = variants[variant];
    for (const { Properties } of rendered.ofType('AWS::Lambda::Function')) {
      expect(Properties['CodeSigningConfigArn']).toBe(signing);
    }
    for (const { Properties } of rendered.ofType('AWS::Lambda::Version')) {
      expect(Properties).not.toHaveProperty('CodeSha256');
    }
  });

  test('secrets, table and logs are under the key, which the role may use through those services and not otherwise', () => {
    const { asked: rendered } = variants[variant];
    for (const type of ['AWS::SecretsManager::Secret', 'AWS::Logs::LogGroup']) {
      expect(rendered.ofType(type).map(({ Properties }) => Properties['KmsKeyId'])).toEqual(
        rendered.ofType(type).map(() => key),
      );
      expect(rendered.ofType(type).length).toBeGreaterThan(1);
    }
    expect(rendered.resources['LedgerTable']?.Properties['SSESpecification']).toEqual({
      ...{ SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key },
    });
    const statements = rendered.resources['EncryptionKeyPolicy']?.Properties['PolicyDocument'].Statement;
    expect(statements).toHaveLength(2);
    for (const { Resource: on, Condition } of statements) {
      expect(on).toBe(key);
      expect(Condition.StringLike['kms:ViaService']).toMatch(/^(?:secretsmanager|dynamodb)\.\*\.amazonaws\.\*$/);
    }
  });

  test('logs stay when the deployment goes', () => {
    for (const group of variants[variant].asked.ofType('AWS::Logs::LogGroup')) {
      expect([group.DeletionPolicy, group.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    }
  });

  test('the stack is protected by osls after each deployment, and nothing else of it is the provider’s setting', () => {
    const { asked: rendered, plain } = variants[variant];
    expect(rendered.provider['deletionProtection']).toBe(true);
    expect(plain.provider['deletionProtection'] ?? undefined).toBeUndefined();
    // With them osls would take the logs of a REST API's stage away.
    expect(rendered.provider).not.toHaveProperty('stackTags');
    expect(rendered.provider).not.toHaveProperty('tags');
  });

  test('without the parameters nothing of it is there', () => {
    const { plain } = variants[variant];
    expect(Object.values(plain.resources).flatMap((one) => Object.keys(tagsOf(one) ?? {}))).toEqual([]);
    expect(JSON.stringify(plain.resources)).not.toMatch(
      /PermissionsBoundary|CodeSigning|KmsKeyId|SSESpecification|EncryptionKeyPolicy/,
    );
    for (const group of plain.ofType('AWS::Logs::LogGroup')) expect(group.DeletionPolicy).not.toBe('Retain');
    for (const { Properties } of plain.ofType('AWS::Lambda::Version')) expect(Properties).toHaveProperty('CodeSha256');
  });

  test('cfn-lint has nothing to say', async () => {
    expect(await linted(lint, variants[variant].asked.file)).toEqual(clean);
  });
});

test('the stack itself has the tags when it is deployed', () => {
  const Plugin = createRequire(import.meta.url)(join(root, 'infra', 'account-plugin.cjs'));
  const stackTagsWith = (given: Readonly<Record<string, string>>) => {
    const provider: Record<string, unknown> = {};
    const { hooks } = new Plugin({ service: { provider, custom: { parameters: { account: { tags: given } } } } });
    hooks['before:deploy:deploy']();
    return provider;
  };
  expect(stackTagsWith(tags)).toEqual({ stackTags: tags });
  expect(stackTagsWith({})).toEqual({});
});

test.each<[string, Parameters, string]>([
  ['a tag of AWS’s own', { tags: 'aws:team=platform' }, "the parameter tags: 'aws:team=platform' is no tag"],
  ['a tag without a value', { tags: 'team' }, "the parameter tags: 'team' is no tag"],
  ['a tag twice', { tags: 'team=a,team=b' }, "the parameter tags names 'team' twice"],
  ['a boundary that is a role', { permissionsBoundary: 'arn:aws:iam::111122223333:role/a' }, 'is the ARN of a policy'],
  ['an alias of a key', { encryptionKey: 'arn:aws:kms:eu-west-1:111122223333:alias/a' }, 'and no alias'],
  ['a key of another region', { encryptionKey: key.replace('eu-west-1', 'us-east-1') }, 'is a key of us-east-1'],
  ['another word than true', { retainLogs: '1' }, "the parameter retainLogs is 'true' or 'false', not '1'"],
])('%s is refused', async (_, parameters, message) => {
  const { code, stdout, stderr } = await tryRender(join(dir, 'clone'), parameters);
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain(message);
});
