import { readEvidence } from '../../../shared/evidence/read.ts';
import { readNotaryFolder } from '../../../shared/policy/notary/read.ts';
import { PolicyLoadError } from '../../../shared/policy/problems.ts';
import { Refusal } from '../../../shared/reasons.ts';
import {
  questionName,
  type RevocationAnswer,
  type RevocationQuestion,
  type Revocations,
} from '../../../shared/revocation/revocation.ts';
import { buildCheck } from '../../../shared/trust/build.ts';
import type { Check } from '../../../shared/trust/check.ts';
import { loadNotary } from '../../../shared/verify/notary/lazy.ts';
import type { Outcome } from '../../../shared/verify/outcome.ts';
import { verify } from '../../../shared/verify/verify.ts';
import { digestOf, makeItem } from '../../fixtures/attached.ts';
import { entryOf, setOf } from '../../fixtures/entries.ts';
import { manifest } from './case.ts';
import { plenty } from './responders.ts';

export interface Question {
  readonly envelope: Uint8Array;
  readonly mediaType: string;
  /** `host/path`. */
  readonly repository: string;
  readonly policy: object;
  readonly stores: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Who is asked about revocation. */
  readonly revocations: Revocations;
}

/** What the core says of an envelope that is attached to the image of the manifest. */
export async function ours(question: Question): Promise<Outcome | 'policy'> {
  const check = checkOf(question);
  if (check === undefined) return 'policy';
  const { mediaType, envelope, at, revocations } = question;
  const [registry = '', ...path] = question.repository.split('/');
  const repository = { registry, path: path.join('/') };
  await loadNotary();
  const artifactType = 'application/vnd.cncf.notary.signature';
  const evidence = readEvidence([makeItem(mediaType, envelope, { repository, artifactType })]);
  const image = {
    digest: digestOf(manifest),
    bytes: manifest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
  };
  const answers = new Map<string, RevocationAnswer>();
  for (;;) {
    const open: RevocationQuestion[] = [];
    const of = (asked: RevocationQuestion) => {
      const answer = answers.get(questionName(asked));
      if (answer === undefined) open.push(asked);
      return answer;
    };
    const outcome = verify({ check, image, repository, evidence, unreadable: [], now: at, revocation: { of } });
    if (open.length === 0) return outcome;
    for (const asked of open) answers.set(questionName(asked), await revocations.ask(asked, plenty()));
  }
}

/** A policy that does not load, or names what it cannot trust, is none. */
export function checkOf({ policy, stores }: Pick<Question, 'policy' | 'stores'>): Check | undefined {
  const text = (path: string, content: string) => ({ name: path, path, bytes: Buffer.from(content) });
  const files = [
    text('trustpolicy.oci.json', JSON.stringify(policy)),
    ...Object.entries(stores).map(([name, pem]) =>
      text(`truststore/x509/${name.replace(':', '/')}/certificates.pem`, pem),
    ),
  ];
  try {
    const { trust } = readNotaryFolder('notary', files);
    return buildCheck(entryOf([setOf([{ kind: 'notary', by: { trust } }])], { type: 'Notary' }));
  } catch (error) {
    if (error instanceof PolicyLoadError || error instanceof Refusal) return undefined;
    throw error;
  }
}
