import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { at, parseDer } from '../../../shared/der.ts';
import type { Evidence } from '../../../shared/evidence/evidence.ts';
import { readEvidence } from '../../../shared/evidence/read.ts';
import type { AttachedItem } from '../../../shared/registry/registry.ts';
import { buildCheck } from '../../../shared/trust/build.ts';
import type { Check } from '../../../shared/trust/check.ts';
import { readTrustRoot } from '../../../shared/trust/root/read.ts';
import { Certificate } from '../../../shared/trust/x509/certificate.ts';
import type { Outcome } from '../../../shared/verify/outcome.ts';
import { verify } from '../../../shared/verify/verify.ts';
import { now } from '../../fixtures/ask.ts';
import { inToto, makeImage, repository, statementOf } from '../../fixtures/attached.ts';
import { makeAuthority } from '../../fixtures/authority/authority.ts';
import { githubIssuer, githubSubject } from '../../fixtures/authority/certificate.ts';
import { bits, pemOf, sequence } from '../../fixtures/authority/der.ts';
import { signatureAlgorithm, signWith } from '../../fixtures/authority/keys.ts';
import { proved } from '../../fixtures/authority/log.ts';
import { bundleItem, bundleOf, layerItem, type SignedContent, signContent } from '../../fixtures/authority/signing.ts';
import { trustIn } from '../../fixtures/carriers.ts';
import { startCpu } from '../../fixtures/cpu.ts';
import { entryOf, keylessOf, setOf } from '../../fixtures/entries.ts';
import { damaged, damagedBytes, jsonLike } from './mutate.ts';
import { demand, type Target, target } from './target.ts';

const authority = makeAuthority();
const root = trustIn(authority);
const image = makeImage();
const content = { message: statementOf(image), payloadType: inToto };
const identity = { issuer: githubIssuer, subject: githubSubject };
const checkOf = (attestor = keylessOf(identity)) => buildCheck(entryOf([setOf([attestor])]), root);
const logged = checkOf();
const unlogged = checkOf(keylessOf({ ...identity, rekor: { ignoreTlog: true } }));
const checks = [logged, unlogged];

/** Once with what Rekor v1 says, once with what Rekor v2 and a time-stamp authority say. */
const originals = [
  signContent(authority, content, {}),
  signContent(authority, content, { logs: [authority.rekor2], entry: proved, stamps: [{}] }),
] as const;
const [first, second] = originals;
const certificateOf = ({ certificate }: SignedContent) => certificate ?? authority.ca.root;

const maxCpu = 50;

/** What is decided, which is no failure of ours, and what it costs: an input that is slow twice is slow. */
function decided(items: readonly AttachedItem[], check: Check): Outcome {
  for (let again = false; ; again = true) {
    const spent = startCpu();
    const evidence = readEvidence(items);
    const outcome = verify({ check, image, repository, evidence, unreadable: [], now });
    const cpu = spent();
    if (!outcome.pass) demand(outcome.reason !== 'internal-error', outcome.message);
    if (cpu < maxCpu) return outcome;
    demand(!again, `it took ${cpu} ms of CPU`);
  }
}

function withCertificate(signed: SignedContent, der: Buffer): SignedContent {
  return { ...signed, certificate: { ...certificateOf(signed), der, pem: pemOf(der, 'CERTIFICATE') } };
}

/** A certificate that is damaged, or that its CA signed with damage in it: only what the CA issued lets anybody through. */
export function certificates(): Target {
  const { ca } = authority;
  const { der } = certificateOf(second);
  const tbs = new Certificate(der).tbs.raw;
  const reissued = (damage: Buffer) =>
    sequence(damage, signatureAlgorithm(ca.intermediateKey), bits(signWith(ca.intermediateKey, damage)));
  const bytes = fc.oneof(
    damagedBytes(der).map((damage) => ({ damage, issued: false })),
    damagedBytes(tbs).map((damage) => ({ damage: reissued(damage), issued: true })),
  );
  const shapes = fc.constantFrom<(signed: SignedContent, changed: SignedContent) => AttachedItem>(
    (_, changed) => bundleItem(changed),
    (_, changed) => layerItem(changed),
    (signed, changed) => bundleItem(signed, { chain: [certificateOf(changed), ...ca.chain] }),
  );
  const input = fc.tuple(fc.constantFrom(...originals), shapes, bytes, fc.constantFrom(...checks));
  return target('certificate', input, ([signed, shape, { damage, issued }, check]) => {
    const item = shape(signed, withCertificate(signed, damage));
    if (!decided([item], check).pass || issued) return;
    const [one] = readEvidence([item]).evidence;
    const [read] = one === undefined || one.kind === 'attestation' ? [] : one.signed.material.certificates;
    demand(read !== undefined && isIssued(read, tbs, signed), 'it passes by a certificate that nobody issued');
  });

  function isIssued(read: Uint8Array, issued: Buffer, signed: SignedContent): boolean {
    const found = new Certificate(read).tbs.raw;
    return found.equals(issued) || found.equals(new Certificate(certificateOf(signed).der).tbs.raw);
  }
}

/** A time stamp says what its authority signed, whatever is around it. */
export function timeStamps(): Target {
  const [stamp = Buffer.alloc(0)] = second.stamps;
  const info = at(parseDer(stamp), 1, 1, 0, 2, 1, 0).octets;
  return target('time stamp', damagedBytes(stamp), (bytes) => {
    const item = bundleItem({ ...second, stamps: [bytes] });
    for (const check of checks) {
      const outcome = decided([item], check);
      demand(!outcome.pass || bytes.includes(info), 'it passes at a time that nobody stamped');
    }
    decided([layerItem({ ...first, stamps: [bytes] })], logged);
  });
}

/** A checkpoint's text is what its log signed. */
export function checkpoints(): Target {
  const [entry] = second.entries;
  if (entry?.proof === undefined) throw new Error('no proof');
  const { proof } = entry;
  const note = proof.checkpoint;
  const signed = note.slice(0, note.indexOf('\n\n'));
  return target('checkpoint', damaged(note), (checkpoint) => {
    const item = bundleItem({ ...second, entries: [{ ...entry, proof: { ...proof, checkpoint } }] });
    const outcome = decided([item], logged);
    demand(!outcome.pass || checkpoint.startsWith(`${signed}\n\n`), 'it passes with a tree that no log signed');
  });
}

/** Bundles with certificates, proofs and time stamps: what passes is what was signed. */
export function certifiedBundles(): Target {
  const before = originals.map((signed) => signedIn(readEvidence([bundleItem(signed)]).evidence[0]));
  const input = fc
    .constantFrom(...originals)
    .chain((signed) => jsonLike(bundleOf(signed)).map((json) => ({ signed, json })));
  return target('bundle with a certificate', input, ({ signed, json }) => {
    const item = { ...bundleItem(signed), bytes: Buffer.from(json) };
    for (const check of checks) {
      if (!decided([item], check).pass) continue;
      const [one] = readEvidence([item]).evidence;
      demand(
        before.some((known) => isDeepStrictEqual(known, signedIn(one))),
        'it passes and was not signed',
      );
    }
  });
}

/** What was signed, the signature, and by whom. */
function signedIn(one: Evidence | undefined): unknown {
  if (one === undefined || one.kind === 'attestation') return undefined;
  const { material, ...signed } = one.signed;
  return { ...signed, by: material.certificates[0] };
}

/** A trusted root that is damaged trusts nobody whom it does not list. */
export function trustedRoots(): Target {
  const stranger = makeAuthority();
  const forged = [
    bundleItem(signContent(stranger, content, {})),
    bundleItem(signContent(stranger, content, { logs: [authority.rekor1] })),
  ];
  return target('trusted root', jsonLike(authority.trustedRoot()), (json) => {
    const read = readOrNothing(Buffer.from(json));
    if (read === undefined) return;
    for (const attestor of [
      keylessOf(identity),
      keylessOf({ rekor: { ignoreTlog: true }, ctlog: { ignoreSCT: true } }),
    ]) {
      const check = checkOrNothing(() => buildCheck(entryOf([setOf([attestor])]), read));
      if (check === undefined) continue;
      demand(!decided(forged, check).pass, 'it trusts a stranger');
      decided([bundleItem(first), bundleItem(second)], check);
    }
  });

  function readOrNothing(bytes: Buffer) {
    try {
      return readTrustRoot(bytes).root;
    } catch (thrown) {
      demand(Error.isError(thrown), 'it throws what is no error');
      return undefined;
    }
  }

  function checkOrNothing(build: () => Check): Check | undefined {
    try {
      return build();
    } catch {
      return undefined;
    }
  }
}
