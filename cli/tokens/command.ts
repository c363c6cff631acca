import { randomBytes } from 'node:crypto';
import { tokenSecret } from '../../local/token-secret.ts';
import { isClusterName } from '../../shared/admission/path.ts';
import { changeTokens, type TokenChange, TokenChangeError } from '../../shared/admission/token-changes.ts';
import type { Clock } from '../../shared/net/deadline.ts';
import { type Arguments, readArguments, single } from '../arguments.ts';
import { UsageError } from '../usage.ts';
import { changeFile } from './file.ts';
import { isSecretId, printed } from './printed.ts';

/** What tests put in the place of AWS and of chance. */
export interface TokenParts {
  readonly secretOf?: typeof tokenSecret;
  readonly clock?: Clock;
  readonly newToken?: () => string;
}

/** Milliseconds after which every instance of the function has read the secret again. */
const readAgain = 10 * 60_000;

/** What to write of each. */
const forms = 'write countersign token add|rotate|retire --cluster NAME --secret ARN [--print], or --file FILE';

/**
 * `countersign token add|rotate|retire --cluster NAME (--secret ID [--print] | --file FILE)`: the webhook tokens of one cluster of a
 * deployment, merged with those of the others. Prints the new token alone on standard output. Throws UsageError, TokenChangeError,
 * FileError, and SecretEditError of what AWS says.
 */
export async function token(words: readonly string[], parts: TokenParts = {}): Promise<number> {
  const { secretOf = tokenSecret, clock = Date.now, newToken = () => randomBytes(32).toString('hex') } = parts;
  const [name, ...rest] = words;
  const found = readArguments(rest, {
    single: ['cluster', 'secret', 'file'],
    several: [],
    flags: ['print', 'all'],
    bare: { instead: forms },
    elsewhere: { token: 'a token is made here, and printed' },
  });
  const change = changeFrom(name, found, newToken);
  const place = placeFrom(found);
  if (found.has('print')) {
    if (place.kind === 'file')
      throw new UsageError('--print prints what to do with a secret: give --secret, not --file');
    process.stdout.write(printed(place.id, change));
    return 0;
  }
  if (place.kind === 'file') await changeFile(place.file, change);
  else {
    const secret = secretOf({ id: place.id });
    const read = await secret.read();
    if (change.kind === 'retire') refuseEarly(read.createdAt, clock());
    await secret.replace(read, changeTokens(read.text, change));
  }
  process.stderr.write(`countersign: ${told[change.kind](change.cluster)}\n`);
  if ('token' in change) process.stdout.write(`${change.token}\n`);
  return 0;
}

const told: Readonly<Record<TokenChange['kind'], (cluster: string) => string>> = {
  add: (cluster) => `${cluster} has a token now, for manifests --token; instances know it within 10 minutes`,
  rotate: (cluster) =>
    `${cluster} has a second token now, and the first one is still valid; in 10 minutes every instance knows it: apply the manifests with it, then retire the first`,
  retire: (cluster) => `${cluster} has one token now; instances forget the other within 10 minutes`,
  remove: (cluster) => `${cluster} has no token any more; its calls are refused within 10 minutes`,
};

function changeFrom(name: string | undefined, found: Arguments, newToken: () => string): TokenChange {
  if (name !== 'add' && name !== 'rotate' && name !== 'retire') {
    throw new UsageError(name === undefined ? forms : `there is no command 'token ${name}': ${forms}`);
  }
  const cluster = single(found, 'cluster', undefined);
  if (cluster === undefined) throw new UsageError('--cluster NAME is missing: whose token it is');
  if (!isClusterName(cluster)) throw new UsageError(`--cluster: '${cluster}' is no name of a cluster`);
  const all = found.has('all');
  if (name === 'retire') return { kind: all ? 'remove' : 'retire', cluster };
  if (all) throw new UsageError('--all is for retire: it takes out every token of a cluster that is no more');
  return { kind: name, cluster, token: newToken() };
}

type Place = { readonly kind: 'secret'; readonly id: string } | { readonly kind: 'file'; readonly file: string };

function placeFrom(found: Arguments): Place {
  const id = single(found, 'secret', undefined);
  const file = single(found, 'file', undefined);
  if (file !== undefined && id === undefined) return { kind: 'file', file };
  if (id === undefined || file !== undefined) {
    throw new UsageError('give --secret ID, the output TokensSecretArn of the deployment, or --file FILE');
  }
  if (!isSecretId(id)) throw new UsageError("--secret takes a secret's name or ARN");
  return { kind: 'secret', id };
}

/** An instance that has not read the second token yet would refuse every call, once the first one is gone from the manifests. */
function refuseEarly(createdAt: number | undefined, now: number): void {
  if (createdAt === undefined || now - createdAt >= readAgain) return;
  const until = new Date(createdAt + readAgain).toISOString();
  throw new TokenChangeError(
    `the secret was changed less than 10 minutes ago, and instances may not have read it yet: retire after ${until}`,
  );
}
