import { readEvidence } from '../shared/evidence/read.ts';
import type { RevocationView } from '../shared/revocation/revocation.ts';
import { loadNotary } from '../shared/verify/notary/lazy.ts';
import { verify } from '../shared/verify/verify.ts';
import { digestOf, makeItem, repository } from '../test/fixtures/attached.ts';
import { manifest, policyOf } from '../test/peers/notary/case.ts';
import { chainOf, day, now } from '../test/peers/notary/certificates.ts';
import { image } from '../test/peers/notary/corners.ts';
import { checkOf } from '../test/peers/notary/ours.ts';
import { type Format, type Made, mediaTypes, signAll, verifyAll } from '../test/peers/notary/peer.ts';
import { builtGo } from './go.ts';
import { meaning, type Turn, turnOf, turnOfProgram, turns } from './turns.ts';

const samples: readonly (readonly [string, Format, string])[] = [
  ['JWS, ECDSA P-256', 'jws', 'ec-256'],
  ['COSE, ECDSA P-256', 'cose', 'ec-256'],
  ['JWS, ECDSA P-384', 'jws', 'ec-384'],
  ['JWS, RSA 3072', 'jws', 'rsa-3072'],
];

/**
 * One Notary signature with three certificates, made by notation-core-go, verified here and by notation-go, which take turns in one run. Both
 * start from the envelope's bytes, and have read policy and certificates once. No certificate names a responder.
 */
export async function notary(): Promise<void> {
  await loadNotary();
  process.env.COUNTERSIGN_PEERS_BIN = builtGo('notary');
  console.log(`notary: ${meaning}`);
  for (const [name, format, key] of samples) {
    const certificates = chainOf({ leaf: { key }, middle: { key: `${key}/middle` }, root: { key: `${key}/root` } });
    const [made] = await signAll([
      { format, certificates, target: image, scheme: 'notary.x509', signingTime: now - day },
    ]);
    if (made === undefined) throw new Error('nothing was signed');
    const { own, go } = await turns({ own: turnOf(ownVerifier(made)), go: await goVerifier(made) });
    console.log(`${name}: countersign ${own}, notation-go ${go}`);
  }
}

const good: RevocationView = { of: () => ({ status: 'good', message: '', until: Number.POSITIVE_INFINITY }) };

function trusted({ chain }: Made) {
  return { policy: policyOf(), stores: { 'ca:acme': chain.at(-1) ?? '' } };
}

function ownVerifier(made: Made): () => void {
  const check = checkOf(trusted(made));
  if (check === undefined) throw new Error('the policy is none');
  const item = makeItem(mediaTypes[made.format], made.envelope);
  const signed = { digest: digestOf(manifest), bytes: manifest, mediaType: image.mediaType };
  return () => {
    const evidence = readEvidence([item]);
    const at = Date.now();
    const outcome = verify({ check, image: signed, repository, evidence, unreadable: [], now: at, revocation: good });
    if (!outcome.pass) throw new Error(`${outcome.reason}: ${outcome.message}`);
  };
}

/** A process for each turn, which does not count its start. */
function goVerifier(made: Made): Promise<Turn> {
  const { envelope, format } = made;
  const reference = `${repository.registry}/${repository.path}@${image.digest}`;
  const request = { envelope, mediaType: mediaTypes[format], target: image, reference, ...trusted(made) };
  return turnOfProgram(async (times) => {
    const [verified] = await verifyAll([request], times);
    if (verified?.nanoseconds === undefined) throw new Error(verified?.error);
    return verified.nanoseconds;
  });
}
