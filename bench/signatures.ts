import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFromJSON } from '@sigstore/bundle';
import { PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { readEvidence } from '../shared/evidence/read.ts';
import type { KeylessAttestor } from '../shared/policy/policy.ts';
import type { AttachedItem } from '../shared/registry/registry.ts';
import { buildCheck } from '../shared/trust/build.ts';
import { readTrustRoot } from '../shared/trust/root/read.ts';
import { verify } from '../shared/verify/verify.ts';
import { now } from '../test/fixtures/ask.ts';
import { digestOf, inToto, makeImage, payloadOf, repository, statementOf } from '../test/fixtures/attached.ts';
import { makeAuthority } from '../test/fixtures/authority/authority.ts';
import { githubIssuer, githubSubject } from '../test/fixtures/authority/certificate.ts';
import {
  bundleItem,
  bundleOf,
  layerItem,
  type SignedContent,
  type SigningOptions,
  signContent,
} from '../test/fixtures/authority/signing.ts';
import { entryOf, keysOf, setOf } from '../test/fixtures/entries.ts';
import { runOk } from '../test/peers/tools.ts';
import { builtGo } from './go.ts';
import { meaning, type Turn, turnOf, turnOfProgram, turns } from './turns.ts';

const image = makeImage();
/** With the curves of Sigstore's public instance. */
const authority = makeAuthority({ ca: { root: 'p384', intermediate: 'p384' } });

/** One signature, as each verifier is given it. */
interface Sample {
  readonly name: string;
  readonly signed: SignedContent;
  /** What is verified here, as a registry hands it out. */
  readonly item: AttachedItem;
  readonly bundle: Record<string, unknown>;
  /** By the signer's key alone: no certificate, log or time. */
  readonly keyed: boolean;
  /** Of what is signed: for Go, which is never shown the artifact itself. */
  readonly sha256: string;
}

/** One verification from the evidence's bytes on, with what is trusted already read. Throws when it does not pass. */
type Once = () => void;

/**
 * One signature's verification beside @sigstore/verify and sigstore-go, which take turns in one run. All three start from the
 * bytes: what a registry stores is read anew each time, whereas keys and roots are read once.
 */
export async function signatures(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  console.log(`signatures: ${meaning}`);
  for (const sample of samples()) {
    const { own, sigstore, go } = await turns({
      own: turnOf(ownVerifier(sample)),
      sigstore: turnOf(sigstoreVerifier(sample)),
      go: await goVerifier(folder, sample),
    });
    console.log(`${sample.name}: countersign ${own}, @sigstore/verify ${sigstore}, sigstore-go ${go}`);
  }
  await rm(folder, { recursive: true });
}

function samples(): Sample[] {
  const payload = payloadOf(image);
  const keyed = signContent(authority, { message: payload }, { certificate: 'none', logs: [] });
  const sha256 = digestOf(payload).replace('sha256:', '');
  return [
    { name: 'key', signed: keyed, item: layerItem(keyed), bundle: bundleOf(keyed), keyed: true, sha256 },
    keyless('keyless, Rekor v1', {}),
    keyless('keyless, Rekor v2 and a time stamp', { logs: [authority.rekor2], stamps: [{}] }),
  ];
}

function keyless(name: string, options: SigningOptions): Sample {
  const signed = signContent(authority, { message: statementOf(image), payloadType: inToto }, options);
  const sha256 = image.digest.replace('sha256:', '');
  return { name, signed, item: bundleItem(signed), bundle: bundleOf(signed), keyed: false, sha256 };
}

function ownVerifier({ keyed, signed, item }: Sample): Once {
  const { root } = readTrustRoot(Buffer.from(JSON.stringify(authority.trustedRoot())));
  const check = buildCheck(entryOf([setOf([keyed ? keysOf(signed.signer) : workflow])]), root);
  return () => {
    const outcome = verify({ check, image, repository, evidence: readEvidence([item]), unreadable: [], now });
    if (!outcome.pass) throw new Error(`${outcome.reason}: ${outcome.message}`);
  };
}

const workflow: KeylessAttestor = {
  kind: 'keyless',
  issuer: githubIssuer,
  subject: githubSubject,
  additionalExtensions: {},
  rekor: { ignoreTlog: false },
  ctlog: { ignoreSCT: false },
};

function sigstoreVerifier({ keyed, signed, bundle }: Sample): Once {
  const text = JSON.stringify(bundle);
  const artifact = signed.content.payloadType === undefined ? Buffer.from(signed.content.message) : undefined;
  if (keyed) {
    const root = TrustedRoot.fromJSON(authority.trustedRoot());
    const key = {
      rawBytes: signed.signer.der,
      keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256,
      validFor: { start: new Date(0) },
    };
    const verifier = new Verifier(toTrustMaterial(root, { [hintOf(signed)]: key }), {
      tlogThreshold: 0,
      timestampThreshold: 0,
    });
    return () => void verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(text)), artifact));
  }
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(authority.trustedRoot())));
  const policy = { subjectAlternativeName: githubSubject, extensions: { issuer: githubIssuer } };
  return () => void verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(text)), artifact), policy);
}

function hintOf({ signer }: SignedContent): string {
  return Buffer.from(signer.spki, 'hex').toString('base64');
}

/** A process for each turn, which does not count its start. */
async function goVerifier(folder: string, { keyed, signed, bundle, sha256 }: Sample): Promise<Turn> {
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const trust = keyed
    ? ['--key', await write('key.pub', signed.signer.pem)]
    : [
        ...['--trusted-root', await write('trusted_root.json', JSON.stringify(authority.trustedRoot()))],
        ...['--subject', githubSubject, '--issuer', githubIssuer],
      ];
  const words = [...trust, '--bundle', await write('bundle.json', JSON.stringify(bundle)), '--sha256', sha256];
  const program = join(builtGo('sigstore-go'), 'sigstore-go');
  return turnOfProgram(async (times) => {
    const { stdout } = await runOk(program, [...words, '--times', String(times)]);
    return (JSON.parse(stdout) as { nanoseconds: number }).nanoseconds;
  });
}
