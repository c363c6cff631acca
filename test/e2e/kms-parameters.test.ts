import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const file = join(import.meta.dirname, '../../infra/kms.cjs');

/** What `infra/kms.cjs` makes of its arguments, in a process of its own: `call` is an expression on its exports. */
async function ofKms(call: string): Promise<unknown> {
  const program = `
    const { kmsKeysOf, kmsResources, notReadable } = require(${JSON.stringify(file)});
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
    const made = await ofKms(`kmsResources(kmsKeysOf(${JSON.stringify([key, alias])}))`);
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
    expect(await ofKms('kmsResources(kmsKeysOf([]))')).toBeNull();
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
