import type { Authority } from '../../fixtures/authority/authority.ts';
import { digest } from '../../fixtures/authority/keys.ts';
import { type LogEntry, treeId } from '../../fixtures/authority/log.ts';
import type { Answer, Call } from './server.ts';

interface Envelope {
  readonly payload: string;
  readonly signatures: readonly { readonly sig: string }[];
}

/** What is proposed to a log; of a DSSE envelope the log keeps hashes, signatures and verifiers. */
interface Proposal {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: { readonly proposedContent?: { readonly envelope: string; readonly verifiers: readonly string[] } };
}

/** The entries of Rekor v1's API. */
export interface RekorApi {
  propose(call: Call): Answer;
  entry(uuid: string): Answer;
}

export function rekorApi({ rekor1 }: Authority): RekorApi {
  /** By UUID, as they are answered. */
  const entries = new Map<string, object>();
  return {
    propose({ body }) {
      const entry = rekor1.record(asStored(JSON.parse(body.toString())), new Date());
      const uuid = uuidOf(entry);
      entries.set(uuid, answerOf(entry));
      const headers = { etag: uuid, location: `/api/v1/log/entries/${uuid}` };
      return { ...json(201, { [uuid]: entries.get(uuid) }), headers };
    },
    entry(uuid) {
      const found = entries.get(uuid) ?? [...entries].find(([each]) => each.endsWith(uuid))?.[1];
      return found === undefined ? json(404, { code: 404, message: 'entry not found' }) : json(200, { [uuid]: found });
    },
  };
}

function asStored(proposal: Proposal): object {
  const { kind, apiVersion, spec } = proposal;
  const { proposedContent } = spec;
  if (kind === 'hashedrekord') return proposal;
  if (kind !== 'dsse' || proposedContent === undefined) throw new Error(`no entries of ${kind} ${apiVersion} here`);
  const envelope: Envelope = JSON.parse(proposedContent.envelope);
  const hash = (bytes: Buffer) => ({ algorithm: 'sha256', value: digest('sha256', bytes).toString('hex') });
  const verifier = proposedContent.verifiers[0];
  return {
    kind,
    apiVersion,
    spec: {
      envelopeHash: hash(Buffer.from(proposedContent.envelope)),
      payloadHash: hash(Buffer.from(envelope.payload, 'base64')),
      signatures: envelope.signatures.map(({ sig }) => ({ signature: sig, verifier })),
    },
  };
}

/** The tree's ID, then the leaf's hash. */
function uuidOf({ body }: LogEntry): string {
  const tree = BigInt(treeId).toString(16).padStart(16, '0');
  return tree + digest('sha256', Buffer.from([0]), body).toString('hex');
}

function answerOf({ body, integratedTime, logId, logIndex, promise, proof }: LogEntry): object {
  if (proof === undefined || promise === undefined) throw new Error('an entry without promise or proof');
  return {
    body: body.toString('base64'),
    integratedTime,
    logID: logId.toString('hex'),
    logIndex,
    verification: {
      inclusionProof: {
        checkpoint: proof.checkpoint,
        hashes: proof.path.map((hash) => hash.toString('hex')),
        logIndex: proof.index,
        rootHash: proof.root.toString('hex'),
        treeSize: proof.size,
      },
      signedEntryTimestamp: promise.toString('base64'),
    },
  };
}

function json(status: number, value: object): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}
