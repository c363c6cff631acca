import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { githubIssuer } from '../fixtures/authority/certificate.ts';
import { attest2, attest3, keyPair } from './cosign.ts';
import { identityOf } from './countersign.ts';
import { type Attestor, certificates, keyless, keys } from './policies.ts';
import { attestLogged, type Cosign, certify, type SignedBy } from './sigstore/cosign.ts';
import type { SigstoreServer } from './sigstore/server.ts';
import { attestStatement } from './sigstore/statement.ts';
import { githubToken } from './sigstore/token.ts';

/** What is attested about an image: the type is a URI, or cosign's name of one. */
export interface Attested {
  readonly type: string;
  readonly predicate: unknown;
}

/** Somebody who attests with a real cosign, and how a policy names them. */
export interface Party {
  /** `reference` is by digest. */
  attest(reference: string, attested: Attested): Promise<void>;
  /** Attaches a whole statement, about whatever it is about. */
  state(reference: string, statement: object): Promise<void>;
  readonly attestor: Attestor;
  /** How results tell who it was. */
  readonly identity: string;
}

export type PartyKind = 'key' | 'certificate' | 'workflow';

/** A new party: by a key in no log, the others in the log. Their files are in a folder of `dir` with their name. */
export async function partyOf(
  kind: PartyKind,
  cosign: Cosign,
  sigstore: SigstoreServer,
  dir: string,
  name: string,
): Promise<Party> {
  const logged = (by: SignedBy): Pick<Party, 'attest' | 'state'> => ({
    attest: (reference, attested) => attestLogged(cosign, sigstore, reference, by, attested),
    state: (reference, statement) => attestStatement(cosign, sigstore, reference, by, statement),
  });
  if (kind === 'workflow') {
    const repository = `acme/${name}`;
    const subject = `https://github.com/${repository}/.github/workflows/release.yml@refs/heads/main`;
    const attestor = keyless({ subject, issuer: githubIssuer });
    return { ...logged({ claims: githubToken({ repository }) }), attestor, identity: subject };
  }
  const folder = join(dir, name);
  const key = await keyPair(folder, 'ecdsa-p256');
  if (kind === 'key') {
    const attestWith = cosign === 'cosign2' ? attest2 : attest3;
    return {
      attest: (reference, attested) => attestWith(reference, key, attested),
      state: (reference, statement) => attestStatement(cosign, undefined, reference, { key }, statement),
      attestor: keys(key.pem),
      identity: identityOf(key.pem),
    };
  }
  const email = `${name}@acme.test`;
  const issued = { names: [{ email }], claims: { 1: 'https://ca.test' }, logs: [sigstore.authority.certificateLog] };
  const certificate = await certify(sigstore, folder, key, issued);
  const [cert, certChain] = [
    await readFile(certificate.certificate, 'utf8'),
    await readFile(certificate.chain, 'utf8'),
  ];
  return { ...logged({ key, certificate }), attestor: certificates({ cert, certChain }), identity: email };
}
