import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isClusterName } from '../../shared/admission/path.ts';

const parameters = join(import.meta.dirname, '../../infra/parameters.cjs');

/** What packaging says of each list of clusters: its routes, or why it stops. In a process of its own, as osls loads the file. */
async function packaged(lists: readonly string[]): Promise<readonly string[]> {
  const program = `
    const read = require(${JSON.stringify(parameters)});
    const given = { endpoint: 'http', reservedConcurrency: 0, provisionedConcurrency: 0, maxImages: 64 };
    Object.assign(given, { throttleRate: 1, throttleBurst: 1, logRetentionInDays: 1 });
    const answer = (clusters) => {
      const resolveVariable = async (name) => ({ ...given, clusters })[name.slice('param:'.length)];
      const said = ({ events }) => events.map(({ httpApi }) => httpApi).join();
      return read({ resolveVariable }).then(said, ({ message }) => message);
    };
    Promise.all(${JSON.stringify(lists)}.map(answer)).then((answers) => console.log(JSON.stringify(answers)));`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '-e', program]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test('the names of clusters that are packaged are those that a webhook’s path can name', async () => {
  const names = ['prod', 'a', 'A_b-9', '0', 'p'.repeat(100), 'p'.repeat(101), '-prod', '_prod', 'pr.od', 'a/b', 'pröd'];
  const route = (name: string) => `POST /${name}/{verb}/{scope}/{token}`;
  const refused = (name: string) => `the parameter clusters: '${name}' is no cluster's name`;
  expect(await packaged(names)).toEqual(names.map((name) => (isClusterName(name) ? route(name) : refused(name))));
  expect(names.filter(isClusterName)).toHaveLength(5);
});

/** What `infra/kms.cjs` makes of its arguments, in a process of its own: `call` is an expression on its exports. */
async function ofKms(call: string): Promise<unknown> {
  const program = `
    const { kmsKeysOf, kmsResources, notReadable } = require(${JSON.stringify(join(parameters, '..', 'kms.cjs'))});
    let answer;
    try { answer = ${call}; } catch ({ message }) { answer = message; }
    console.log(JSON.stringify(answer ?? null));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '-e', program]);
  return JSON.parse(stdout);
}

describe('keys in AWS KMS', () => {
  const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
  const key = `arn:aws:kms:us-east-1:111122223333:key/${id}`;
  const alias = 'arn:aws-cn:kms:cn-north-1:111122223333:alias/team/cosign';

  test('the function may read the public keys of those alone', async () => {
    const made = await ofKms(`kmsResources(kmsKeysOf(${JSON.stringify([key, alias])}), {})`);
    expect(made).toMatchObject({
      Resources: {
        KmsKeysPolicy: {
          Properties: {
            Roles: [{ Ref: 'AdmissionRole' }],
            PolicyDocument: {
              Statement: [
                { Effect: 'Allow', Action: 'kms:GetPublicKey', Resource: key },
                {
                  Effect: 'Allow',
                  Action: 'kms:GetPublicKey',
                  Resource: 'arn:aws-cn:kms:cn-north-1:111122223333:key/*',
                  Condition: { StringEquals: { 'kms:RequestAlias': 'alias/team/cosign' } },
                },
              ],
            },
          },
        },
      },
    });
    expect(await ofKms('kmsResources(kmsKeysOf([]), {})')).toBeNull();
  });

  test.each(['alias/cosign', id, '*', 'arn:aws:kms:us-east-1:111122223333:key/*', 'arn:aws:kms:*:1:alias/a'])(
    '%s is no ARN of one of them',
    async (text) => {
      expect(await ofKms(`kmsKeysOf([${JSON.stringify(text)}])`)).toBe(
        `the parameter kmsKeys: '${text}' is not the ARN of a key or an alias in AWS KMS`,
      );
    },
  );

  test('addresses that they do not cover are found', async () => {
    const addresses = [key, id, 'alias/a', alias].map((text) => `awskms:///${text}`);
    const left = (arns: readonly string[], region: string) =>
      ofKms(`notReadable(${JSON.stringify(addresses)}, kmsKeysOf(${JSON.stringify(arns)}), '${region}')`);
    expect(await left([], 'us-east-1')).toEqual(addresses);
    expect(await left([key], 'us-east-1')).toEqual([`awskms:///${alias}`]);
    expect(await left([key], 'eu-west-1')).toEqual(addresses.slice(1));
    expect(await left([key, alias], 'us-east-1')).toEqual([]);
  });
});
