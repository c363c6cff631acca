import { isClusterName, isWebhookToken, tokenCharacters } from '../admission/path.ts';
import type { Refreshing } from './refreshing.ts';
import { SecretFormatError, type Secrets } from './secrets.ts';

/** The webhook tokens that are valid for a cluster: one or two; none for a cluster that the secret does not name. Throws SecretError. */
export type WebhookTokens = (cluster: string, signal?: AbortSignal) => Promise<readonly string[]>;

/** Characters of a token, enough of them that nobody guesses one. */
const shortestToken = 32;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The webhook tokens, in a secret of the form `{"<cluster>": ["<token>", "<token>"], …}`. */
export function webhookTokens(secrets: Secrets, id: string): WebhookTokens {
  const read = secrets.parsed(id, parseWebhookTokens);
  return async (cluster, signal) => (await read(signal)).get(cluster) ?? [];
}

/**
 * The ledger's MAC keys, in a secret of the form `["<base64>", "<base64>"]`: one or two, of 32 bytes at least; the first signs, each
 * verifies. The list is the same object until the secret is read again. Rejects with SecretError.
 */
export function macKeys(secrets: Secrets, id: string): Refreshing<readonly Uint8Array[]> {
  return secrets.parsed(id, parseMacKeys);
}

function parseWebhookTokens(text: string): ReadonlyMap<string, readonly string[]> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SecretFormatError('it must be a JSON object, with a field for each cluster');
  }
  const clusters = new Map<string, readonly string[]>();
  const seen = new Set<string>();
  for (const [cluster, tokens] of Object.entries(value)) {
    if (!isClusterName(cluster)) throw new SecretFormatError("one of its fields is not a cluster's name");
    const list = oneOrTwo(tokens);
    if (list === undefined) throw new SecretFormatError(`${cluster} must have a list of one or two tokens`);
    for (const token of list) {
      if (!isWebhookToken(token, shortestToken)) {
        throw new SecretFormatError(`a token of ${cluster} is not ${shortestToken} to ${tokenCharacters}`);
      }
      if (seen.has(token))
        throw new SecretFormatError(`a token of ${cluster} is given twice: give every cluster tokens of its own`);
      seen.add(token);
    }
    clusters.set(cluster, list);
  }
  return clusters;
}

function parseMacKeys(text: string): readonly Uint8Array[] {
  const list = oneOrTwo(JSON.parse(text));
  if (list === undefined) throw new SecretFormatError('it is no JSON list of one or two keys');
  return list.map((key) => {
    const bytes = base64.test(key) ? Buffer.from(key, 'base64') : undefined;
    if (bytes === undefined) throw new SecretFormatError('a key is not in base64');
    if (bytes.length < 32) throw new SecretFormatError('a key has fewer than 32 bytes');
    return bytes;
  });
}

function oneOrTwo(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 2) return undefined;
  return value.every((entry) => typeof entry === 'string') ? value : undefined;
}
