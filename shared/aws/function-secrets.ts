import { readTokens, TokensFormatError, tokenOfAnother } from '../admission/tokens.ts';
import type { Clock } from '../net/deadline.ts';
import type { Refreshing } from './refreshing.ts';
import { SecretError, SecretFormatError, type Secrets } from './secrets.ts';

/** The webhook tokens that are valid for a cluster: one or two; none for a cluster that the secret does not name. Throws SecretError. */
export type WebhookTokens = (cluster: string, signal?: AbortSignal) => Promise<readonly string[]>;

export interface WebhookTokensOptions {
  readonly clock: Clock;
  /** The clusters of the deployment. Whatever else a field is called is told nowhere: it may be a token in the wrong place. */
  readonly clusters: readonly string[];
  /** Told what is wrong in a secret that was read, once each time: which cluster's tokens, and why. Nothing of the secret is quoted. */
  invalid(message: string): void;
}

/** Milliseconds that a cluster's tokens are used, counted from when they were read, while those that follow are wrong. 24 hours. */
const staleMs = 24 * 3_600_000;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The webhook tokens, in a secret of the form `{"<cluster>": ["<token>", "<token>"], …}`. What is wrong with one cluster's tokens is that
 * cluster's alone: those that it had before are used for a day where this instance knows them, else it has none that could be compared,
 * and others are answered. As long as a cluster goes on with a token that it had, that is no other's.
 */
export function webhookTokens(secrets: Secrets, id: string, options: WebhookTokensOptions): WebhookTokens {
  const { clock, invalid } = options;
  const configured: ReadonlySet<string> = new Set(options.clusters);
  let known: ReadonlyMap<string, Known> = new Map();

  function parse(text: string): ReadonlyMap<string, Known> {
    const { tokens, problems, unnamed } = readSet(text);
    const wrong = withTokensInUse(tokens, problems);
    const clusters = new Map<string, Known>();
    for (const [cluster, list] of tokens) clusters.set(cluster, { tokens: list, readAt: clock(), problem: undefined });
    for (const [cluster, problem] of wrong) {
      clusters.set(cluster, { tokens: [], readAt: Number.NEGATIVE_INFINITY, ...known.get(cluster), problem });
    }
    if (unnamed > 0) invalid(`the secret ${id} has ${unnamed} field(s) whose names no cluster can have`);
    let others = 0;
    for (const [cluster, problem] of wrong) {
      if (configured.has(cluster))
        invalid(`the secret ${id}: ${cluster} ${problem}; its calls are refused, those of other clusters are not`);
      else others += 1;
    }
    if (others > 0) invalid(`the secret ${id} has ${others} wrong field(s) that are no cluster's of this deployment`);
    known = clusters;
    return clusters;
  }

  /** `problems`, and those whose tokens one with a problem goes on with: it would get in as the other one. */
  function withTokensInUse(
    tokens: ReadonlyMap<string, readonly string[]>,
    problems: ReadonlyMap<string, string>,
  ): ReadonlyMap<string, string> {
    const holders = new Map<string, string>();
    for (const [cluster, list] of tokens) for (const token of list) holders.set(token, cluster);
    const wrong = new Map(problems);
    // Those that are added on the way are looked at as well.
    for (const cluster of wrong.keys()) {
      const before = known.get(cluster);
      if (before === undefined || isStale(before)) continue;
      for (const token of before.tokens) {
        const holder = holders.get(token);
        if (holder !== undefined && holder !== cluster) wrong.set(holder, tokenOfAnother);
      }
    }
    return wrong;
  }

  const isStale = ({ readAt }: Known) => clock() - readAt >= staleMs;

  const read = secrets.parsed(id, parse);
  return async (cluster, signal) => {
    const found = (await read(signal)).get(cluster);
    if (found === undefined) return [];
    if (found.problem === undefined || !isStale(found)) return found.tokens;
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
