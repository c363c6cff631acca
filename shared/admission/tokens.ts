import { isClusterName, isWebhookToken, tokenCharacters } from './path.ts';

/** Characters of a deployment's token, enough of them that nobody guesses one. */
const shortestToken = 32;

/** Tokens of a cluster that are valid at a time: the second one, while one is rotated. */
export const mostTokens = 2;

/** What is wrong with a cluster's tokens of which one is another's, as in `problems`. */
export const tokenOfAnother = 'has a token of another cluster: give every cluster its own';

/** The secret with the tokens of all clusters is none of this form at all. The message quotes nothing of it. */
export class TokensFormatError extends Error {
  override readonly name = 'TokensFormatError';
}

/** The webhook tokens of a deployment, read: what is wrong with one cluster's concerns no other. */
export interface TokenSet {
  /** Of each cluster whose tokens are well, one or two. */
  readonly tokens: ReadonlyMap<string, readonly string[]>;
  /** What is wrong with those of each other cluster, as the rest of a sentence that begins with its name. Nothing is quoted. */
  readonly problems: ReadonlyMap<string, string>;
  /** Fields whose names no cluster can have: nobody can call for them. What they are called may be a token. */
  readonly unnamed: number;
}

/**
 * Reads the text of the secret, `{"<cluster>": ["<token>", "<token>"], …}`. A token that stands under two clusters is the first one's, in
 * the order of JSON.parse: whoever adds a cluster with another's token has not logged that one out. Throws TokensFormatError where it is
 * no JSON object.
 */
export function readTokens(text: string): TokenSet {
  const tokens = new Map<string, readonly string[]>();
  const problems = new Map<string, string>();
  const seen = new Set<string>();
  let unnamed = 0;
  for (const [cluster, value] of readFields(text)) {
    if (!isClusterName(cluster)) {
      unnamed += 1;
      continue;
    }
    const list = oneOrTwo(value) ?? [];
    const problem = problemOf(list, seen);
    if (problem !== undefined) {
      problems.set(cluster, problem);
      continue;
    }
    tokens.set(cluster, list);
    for (const token of list) seen.add(token);
  }
  return { tokens, problems, unnamed };
}

/** The fields of the secret's object, whatever they hold. Throws TokensFormatError. */
export function readFields(text: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A parser's message quotes what it could not read.
    throw new TokensFormatError('it does not parse as JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TokensFormatError('it must be a JSON object, with a field for each cluster');
  }
  return new Map(Object.entries(value));
}

/** `seen`: tokens of other clusters. */
function problemOf(list: readonly string[], seen: ReadonlySet<string>): string | undefined {
  if (list.length === 0) return 'must have a list of one or two tokens';
  if (!list.every((token) => isWebhookToken(token, shortestToken))) {
    return `has a token that is not ${shortestToken} to ${tokenCharacters}`;
  }
  if (new Set(list).size < list.length) return 'has one token twice';
  if (list.some((token) => seen.has(token))) return tokenOfAnother;
  return undefined;
}

function oneOrTwo(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > mostTokens) return undefined;
  return value.every((entry) => typeof entry === 'string') ? value : undefined;
}
