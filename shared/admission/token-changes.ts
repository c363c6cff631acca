import { isClusterName } from './path.ts';
import { mostTokens, readFields, readTokens, TokensFormatError } from './tokens.ts';

/**
 * What is done to the tokens of one cluster. `add`: its first one. `rotate`: a second one, valid beside the first. `retire`: the first of
 * two is taken out. `remove`: the cluster is.
 */
export type TokenChange =
  | { readonly kind: 'add' | 'rotate'; readonly cluster: string; readonly token: string }
  | { readonly kind: 'retire' | 'remove'; readonly cluster: string };

/** Why a change is not made: it would leave somebody out, or what is there is not as it says. The message quotes no token. */
export class TokenChangeError extends Error {
  override readonly name = 'TokenChangeError';
}

/** In bytes: what Secrets Manager keeps of one secret (its documentation, "Quotas"). */
const largestSecret = 65_536;

/**
 * The secret's text after a change; `undefined` text: it has no value yet. What stands of other clusters stays as it is, even where it is
 * wrong. Throws TokenChangeError.
 */
export function changeTokens(text: string | undefined, change: TokenChange): string {
  const { cluster } = change;
  if (!isClusterName(cluster)) throw new TokenChangeError(`'${cluster}' is no name of a cluster`);
  const fields = new Map(fieldsOf(text));
  const now = tokensOf(text, change);
  if (now.length > 0) fields.set(cluster, now);
  else fields.delete(cluster);

  const parts = [...fields].map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  const changed = `{${parts.join(', ')}}`;
  // By what the function reads: nothing is written that it would refuse.
  const problem = readTokens(changed).problems.get(cluster);
  if (problem !== undefined) throw new TokenChangeError(`${cluster} ${problem}`);
  if (Buffer.byteLength(changed) > largestSecret) {
    throw new TokenChangeError(
      `the secret would have over ${largestSecret} bytes, which Secrets Manager does not keep`,
    );
  }
  return changed;
}

/** The tokens of a cluster after a change; none: it is to go. */
function tokensOf(text: string | undefined, change: TokenChange): readonly string[] {
  const { cluster, kind } = change;
  const { tokens, problems } = readTokens(text ?? '{}');
  const problem = problems.get(cluster);
  const there = tokens.get(cluster);
  if (kind === 'remove') {
    if (there === undefined && problem === undefined) throw new TokenChangeError(`${cluster} has no token`);
    return [];
  }
  if (problem !== undefined) {
    throw new TokenChangeError(`what stands of ${cluster} is not valid: it ${problem}; take it out with retire --all`);
  }
  const [first, second] = there ?? [];
  if (kind === 'add') {
    if (first !== undefined) throw new TokenChangeError(`${cluster} has a token already: rotate it`);
    return [change.token];
  }
  if (first === undefined) throw new TokenChangeError(`${cluster} has no token: add one`);
  if (kind === 'rotate') {
    if (second !== undefined) {
      throw new TokenChangeError(
        `${cluster} has ${mostTokens} valid tokens already: retire the first one, when nothing calls with it any more`,
      );
    }
    return [first, change.token];
  }
  if (second === undefined) {
    throw new TokenChangeError(`${cluster} has one token, without which its calls would be refused: rotate it first`);
  }
  return [second];
}

function fieldsOf(text: string | undefined): ReadonlyMap<string, unknown> {
  try {
    return readFields(text ?? '{}');
  } catch (thrown) {
    if (!(thrown instanceof TokensFormatError)) throw thrown;
    throw new TokenChangeError(`what the secret holds is not to be changed: ${thrown.message}`);
  }
}
