import { readTokens, TokensFormatError } from '../admission/tokens.ts';
import type { Clock } from '../net/deadline.ts';
import type { Refreshing } from './refreshing.ts';
import { SecretError, SecretFormatError, type Secrets } from './secrets.ts';

/** The webhook tokens that are valid for a cluster: one or two; none for a cluster that the secret does not name. Throws SecretError. */
export type WebhookTokens = (cluster: string, signal?: AbortSignal) => Promise<readonly string[]>;

export interface WebhookTokensOptions {
  readonly clock: Clock;
  /** Told what is wrong in a secret that was read, once each time: which cluster's tokens, and why. Nothing of the secret is quoted. */
  invalid(message: string): void;
}

/** Milliseconds that a cluster's tokens are used, counted from when they were read, while those that follow are wrong. 24 hours. */
const staleMs = 24 * 3_600_000;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The webhook tokens, in a secret of the form `{"<cluster>": ["<token>", "<token>"], …}`. What is wrong with one cluster's tokens is that
 * cluster's alone: those that it had before are used for a day where this instance knows them, else it has none that could be compared,
 * and others are answered.
 */
export function webhookTokens(secrets: Secrets, id: string, { clock, invalid }: WebhookTokensOptions): WebhookTokens {
  let known: ReadonlyMap<string, Known> = new Map();

  function parse(text: string): ReadonlyMap<string, Known> {
    const { tokens, problems, unnamed } = readSet(text);
    const clusters = new Map<string, Known>();
    for (const [cluster, list] of tokens) clusters.set(cluster, { tokens: list, readAt: clock(), problem: undefined });
    for (const [cluster, problem] of problems) {
      clusters.set(cluster, { tokens: [], readAt: Number.NEGATIVE_INFINITY, ...known.get(cluster), problem });
    }
    if (unnamed > 0) invalid(`the secret ${id} has ${unnamed} field(s) whose names no cluster can have`);
    for (const [cluster, problem] of problems) {
      invalid(`the secret ${id}: ${cluster} ${problem}; its calls are refused, those of other clusters are not`);
    }
    known = clusters;
    return clusters;
  }

  const read = secrets.parsed(id, parse);
  return async (cluster, signal) => {
    const found = (await read(signal)).get(cluster);
    if (found === undefined) return [];
    if (found.problem === undefined || clock() - found.readAt < staleMs) return found.tokens;
    throw new SecretError('malformed', `the secret ${id} is malformed: ${cluster} ${found.problem}`);
  };
}

/** What is known of a cluster's tokens. */
interface Known {
  /** Those that were well when they were last read. */
  readonly tokens: readonly string[];
  /** When that was. */
  readonly readAt: number;
  /** What is wrong with those that the secret has now. */
  readonly problem: string | undefined;
}

/**
 * The ledger's MAC keys, in a secret of the form `["<base64>", "<base64>"]`: one or two, of 32 bytes at least; the first signs, each
 * verifies. The list is the same object until the secret is read again. Rejects with SecretError.
 */
export function macKeys(secrets: Secrets, id: string): Refreshing<readonly Uint8Array[]> {
  return secrets.parsed(id, parseMacKeys);
}

function readSet(text: string): ReturnType<typeof readTokens> {
  try {
    return readTokens(text);
  } catch (thrown) {
    throw thrown instanceof TokensFormatError ? new SecretFormatError(thrown.message) : thrown;
  }
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
