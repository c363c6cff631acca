import { readEvidence } from '../../shared/evidence/read.ts';
import type { KeylessAttestor } from '../../shared/policy/policy.ts';
import type { AttachedItem } from '../../shared/registry/registry.ts';
import { ask, reasonOf } from '../fixtures/ask.ts';
import { payloadOf, slsaProvenance, statementOf } from '../fixtures/attached.ts';
import { makeAuthority } from '../fixtures/authority/authority.ts';
import { githubSubject } from '../fixtures/authority/certificate.ts';
import { flip, makeKey } from '../fixtures/authority/keys.ts';
import { certificateFor, signedBundle, signedLayer } from '../fixtures/authority/signing.ts';
import { type Carrier, carriers, type Signing } from '../fixtures/carriers.ts';
import { entryOf, setOf } from '../fixtures/entries.ts';
import { makeSigner } from '../fixtures/signers.ts';
import { byWorkflow, decide, image, usual, usualRoot, workflow } from '../fixtures/twins.ts';

// The published flaws of what counts as a signature, where a certificate says by whom. Each with a twin that passes.

const signed = (carrier: Carrier, signing: Signing = {}) => reasonOf(decide(carrier, { signing }));
const by =
  (changes: Partial<KeylessAttestor>) =>
  (carrier: Carrier, signing: Signing = {}) =>
    reasonOf(decide(carrier, { ...workflow(changes), signing }));

describe('P1 (policy-controller #1894): forged signatures with certificates are believed', () => {
  test.each(carriers)('$name', (carrier) => {
    const stranger = makeAuthority();
    const forgeries: Signing[] = [
      { signature: (bytes) => flip(bytes) },
      { certificate: certificateFor(usual, makeSigner()) },
      { certificate: { issuer: { key: makeKey() } } },
      { certificate: { signature: (bytes) => flip(bytes) } },
    ];
    const items = [...forgeries.map((signing) => carrier.item(usual, image, signing)), carrier.item(stranger, image)];
    const entry = entryOf([setOf([byWorkflow])]);
    for (const item of items) expect(ask(entry, image, [item], { root: usualRoot }).pass).toBe(false);
    expect(ask(entry, image, items, { root: usualRoot }).pass).toBe(false);
    expect(ask(entry, image, [...items, carrier.item(usual, image)], { root: usualRoot }).pass).toBe(true);
  });
});

describe('P1 (GHSA-fx35-mq7g-6g98): a key where a certificate should be passes over the identity', () => {
  test('of a bundle, of a layer', () => {
    const entry = entryOf([setOf([byWorkflow])]);
    const signer = makeSigner();
    const { der, spki } = signer;
    const raw = { rawBytes: der.toString('base64') };
    const asked = (item: AttachedItem) => reasonOf(ask(entry, image, [item], { root: usualRoot }));
    expect(asked(signedBundle(usual, image, { signer, material: { certificate: raw } }))).toBe('certificate-missing');
    expect(asked(signedBundle(usual, image, { signer, material: { publicKey: { hint: spki } } }))).toBe(
      'certificate-missing',
    );
    const certificate = { ...certificateFor(usual, signer), pem: signer.pem };
    expect(asked(signedLayer(usual, image, { signer, certificate }))).toBe('certificate-missing');
    expect(asked(signedBundle(usual, image, { signer }))).toBe('pass');
    expect(asked(signedLayer(usual, image, { signer }))).toBe('pass');
  });
});

describe('P2 CVE-2022-35930, CVE-2022-35929: an attestation by the right identity is no signature', () => {
  test.each(['0.1', '0.2', '0.3'] as const)('v%s', (version) => {
    const entry = entryOf([setOf([byWorkflow])]);
    const item = (predicateType?: string) =>
      signedBundle(usual, image, { version, ...(predicateType === undefined ? {} : { predicateType }) });
    expect(reasonOf(ask(entry, image, [item(slsaProvenance)], { root: usualRoot }))).toBe('only-attestations');
    expect(reasonOf(ask(entry, image, [item()], { root: usualRoot }))).toBe('pass');
  });
});

describe('P3 CVE-2026-39395: a payload that does not parse, by the right identity', () => {
  const entry = entryOf([setOf([byWorkflow])]);
  const asked = (item: AttachedItem) => reasonOf(ask(entry, image, [item], { root: usualRoot }));

  test.each(['{', 'null', '{}', 'text', '{"critical":{}}', '{"_type":"https://in-toto.io/Statement/v1"}'])(
    '%s',
    (text) => {
      const payload = Buffer.from(text);
      expect(asked(signedLayer(usual, image, { payload }))).toBe('malformed-signature');
      expect(asked(signedBundle(usual, image, { statement: payload }))).toBe('malformed-signature');
      expect(asked(signedLayer(usual, image, { payload: payloadOf(image) }))).toBe('pass');
      expect(asked(signedBundle(usual, image, { statement: statementOf(image) }))).toBe('pass');
    },
  );
});

describe('P4 (Kyverno #17130, #17105, #17109): the second answer differs from the first', () => {
  test.each(carriers)('$name: the same bytes are judged alike each time, and after others', (carrier) => {
    const item = carrier.item(usual, image);
    const bad = carrier.item(usual, image, { logs: [] });
    const entry = entryOf([setOf([byWorkflow])]);
    const first = ask(entry, image, [item], { root: usualRoot });
    expect(ask(entry, image, [bad], { root: usualRoot })).toMatchObject({ reason: 'log-entry-missing' });
    expect(ask(entry, image, [item], { root: usualRoot })).toEqual(first);
    expect(first).toMatchObject({ pass: true, signers: [{ identity: githubSubject }] });
    expect(readEvidence([item]).evidence.map(({ hash }) => hash)).toEqual(first.pass && first.evidence);
  });

  test.each(carriers)('$name: ignoreTlog means what it says', (carrier) => {
    const stamps = [{}];
    expect(signed(carrier, { logs: [], stamps })).toBe('log-entry-missing');
    expect(by({ rekor: { ignoreTlog: true } })(carrier, { logs: [], stamps })).toBe('pass');
    expect(signed(carrier, { stamps })).toBe('pass');
  });
});
