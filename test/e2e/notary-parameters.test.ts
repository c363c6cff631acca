import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const file = join(import.meta.dirname, '../../infra/notary.cjs');

/** What `infra/notary.cjs` makes of the parameter's words, or why it stops. In a process of its own, as osls loads it. */
async function resourcesOf(
  words: readonly string[],
  place: { readonly everywhere: readonly string[] } = { everywhere: [] },
): Promise<unknown> {
  const program = `
    const { notaryOf, notaryResources } = require(${JSON.stringify(file)});
    let answer;
    try {
      answer = notaryResources(notaryOf(${JSON.stringify(words)}), ${JSON.stringify(place)});
    } catch ({ message }) { answer = message; }
    console.log(JSON.stringify(answer ?? null));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=commonjs', '-e', program]);
  return JSON.parse(stdout);
}

const vpc = { everywhere: ['0.0.0.0/0'] };
const egress = { Type: 'AWS::EC2::SecurityGroupEgress', Properties: { FromPort: 80, ToPort: 80 } };

test('the function may ask AWS Signer and Amazon ECR where the parameter says so, and not else', async () => {
  expect(await resourcesOf(['aws-signer', 'ecr-signing', 'aws-signer'])).toMatchObject({
    Resources: {
      NotaryPolicy: {
        Properties: {
          Roles: [{ Ref: 'AdmissionRole' }],
          PolicyDocument: {
            Statement: [
              { Effect: 'Allow', Action: 'signer:GetRevocationStatus', Resource: '*' },
              { Effect: 'Allow', Action: 'ecr:DescribeImageSigningStatus' },
            ],
          },
        },
      },
    },
  });
  expect(await resourcesOf([])).toBeNull();
  expect(await resourcesOf([], vpc)).toBeNull();
});

test('responders are reached over plain HTTP: the private variant has a way where the parameter says so', async () => {
  expect(await resourcesOf(['responders'], vpc)).toEqual({
    Resources: { RespondersEgress: expect.objectContaining({}) },
  });
  expect(await resourcesOf(['responders'], vpc)).toMatchObject({ Resources: { RespondersEgress: egress } });
  expect(await resourcesOf(['responders'])).toBeNull();
  expect(await resourcesOf(['responders'], { everywhere: ['0.0.0.0/0', '::/0'] })).toMatchObject({
    Resources: {
      RespondersEgress: { Properties: { CidrIp: '0.0.0.0/0' } },
      RespondersEgressIpv6: { Properties: { FromPort: 80, ToPort: 80, CidrIpv6: '::/0' } },
    },
  });
});

test('another word is none', async () => {
  expect(await resourcesOf(['constructor'])).toBe(
    "the parameter notary: 'constructor' is none of aws-signer, ecr-signing, responders",
  );
});
