import type { TokenChange } from '../../shared/admission/token-changes.ts';

/** Names and ARNs of Secrets Manager, which a shell reads as they are. */
const secretId = /^[\w/+=.@:][\w/+=.@:-]{0,2047}$/;
const arn = /^arn:[\w-]+:secretsmanager:([a-z0-9-]+):/;
const file = 'countersign-tokens.json';

export function isSecretId(text: string): boolean {
  return secretId.test(text);
}

/**
 * The commands that change a secret, for a shell: with the AWS command line, and ours in between, so that no token stands in any command.
 * Where the secret was not read nothing is written, or the tokens of all others would be gone: only of one that has no version at all is
 * the empty file what it holds, to which `add` gives its first value.
 */
export function printed(id: string, { kind, cluster }: TokenChange): string {
  const [, region] = arn.exec(id) ?? [];
  const secret = `--secret-id ${id}${region === undefined ? '' : ` --region ${region}`}`;
  const command = kind === 'remove' ? 'retire --all' : kind;
  const get = `aws secretsmanager get-secret-value ${secret} --query SecretString --output text > ${file}`;
  const versions = `aws secretsmanager describe-secret ${secret} --query 'length(VersionIdsToStages || \`{}\`)' --output text`;
  return [
    'umask 077',
    ...(kind === 'add' ? [`{ ${get} ||`, `  test "$(${versions})" = 0; } &&`] : [`${get} &&`]),
    `countersign token ${command} --cluster ${cluster} --file ${file} &&`,
    `  aws secretsmanager put-secret-value ${secret} --secret-string file://${file}`,
    `rm ${file}`,
    '',
  ].join('\n');
}
