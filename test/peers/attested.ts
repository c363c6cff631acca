import { mkdir } from 'node:fs/promises';
import { copyAttestations, copyBundle, tamperAttestation, tamperBundle } from './attacks.ts';
import { pushImage } from './images.ts';
import { type Attested, type Party, type PartyKind, partyOf } from './parties.ts';
import { knownTypes, reviewType } from './predicates.ts';
import type { Cosign } from './sigstore/cosign.ts';
import type { SigstoreServer } from './sigstore/server.ts';

// Images that real cosigns attested, all in one repository: what is copied stays in it.

export interface AttestedImage {
  readonly tagged: string;
  /** By tag and digest. */
  readonly pinned: string;
  readonly digest: string;
}

export interface AttestedImages {
  readonly host: string;
  readonly repository: string;
  /** Those whose word is asked for, together or alone, and one whose word is not. */
  readonly team: Party;
  readonly security: Party;
  readonly stranger: Party;
  readonly images: ReadonlyMap<string, AttestedImage>;
}

export interface AttestedOptions {
  readonly kind: PartyKind;
  readonly cosign: Cosign;
  readonly sigstore: SigstoreServer;
  readonly host: string;
  /** Its own. */
  readonly dir: string;
}

/** cosign 3 makes no statement with a text in it that is to be logged. */
export function canStateText({ kind, cosign }: Pick<AttestedOptions, 'kind' | 'cosign'>): boolean {
  return cosign === 'cosign2' || kind === 'key';
}

export async function attestedImages(options: AttestedOptions): Promise<AttestedImages> {
  const { kind, cosign, sigstore, host, dir } = options;
  await mkdir(dir, { recursive: true });
  const repository = `${cosign}/${kind}`;
  const party = (name: string) => partyOf(kind, cosign, sigstore, dir, name);
  const [team, security, stranger] = [await party('team'), await party('security'), await party('stranger')];
  const images = new Map<string, AttestedImage>();
  const named = (name: string): AttestedImage => images.get(name) ?? { tagged: '', pinned: '', digest: '' };
  const byDigest = (name: string) => `${host}/${repository}@${named(name).digest}`;

  async function image(name: string, ...said: readonly (readonly [by: Party, attested: Attested])[]) {
    const digest = await pushImage(host, repository, name);
    const tagged = `${host}/${repository}:${name}`;
    images.set(name, { tagged, pinned: `${tagged}@${digest}`, digest });
    for (const [by, attested] of said) await by.attest(byDigest(name), attested);
  }

  const review = (approved: boolean, round = 1) => ({ type: reviewType, predicate: { approved, round } });
  const said = (types: typeof knownTypes) =>
    types.map(({ name, predicate }) => [team, { type: name, predicate }] as const);
  await Promise.all([
    image('none'),
    image('every-type', ...said(knownTypes.filter(({ field }) => field !== undefined))),
    image('text', ...(canStateText(options) ? said(knownTypes.filter(({ field }) => field === undefined)) : [])),
    image('other-type', ...said(knownTypes.filter(({ name }) => name === 'vuln'))),
    image('approved', [team, review(true)]),
    image('refused', [team, review(false)]),
    image('foreign', [stranger, review(true)]),
    image('twice', [team, review(true)], [team, review(true, 2)]),
    image('mixed', [team, review(true)], [team, review(false, 2)]),
    image('both', [team, review(true)], [security, review(true)]),
    image('half', [team, review(true)], [security, review(false)]),
    ...['copied', 'changed', 'among', 'apart'].map((name) => image(name)),
  ]);
  const source = { host, repo: repository, digest: named('approved').digest };
  await (cosign === 'cosign2' ? copyAttestations : copyBundle)(source, named('copied').digest);
  await (cosign === 'cosign2' ? tamperAttestation : tamperBundle)(source, named('changed').digest);

  /** A statement about some of the images. */
  const about = (...names: readonly string[]) => ({
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: reviewType,
    subject: names.map((name) => ({ name, digest: { sha256: named(name).digest.replace('sha256:', '') } })),
    predicate: { approved: true },
  });
  await team.state(byDigest('among'), about('none', 'among', 'twice'));
  await team.state(byDigest('apart'), about('none', 'twice'));
  return { host, repository, team, security, stranger, images };
}
