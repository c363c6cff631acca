import type { CertificateAuthority } from '../root/trust-root.ts';
import type { Certificate } from './certificate.ts';

/** Who may have issued a certificate: its own certificate first, the root last. */
export type IssuerPath = readonly [Certificate, ...Certificate[]];

/** Certificates between a signer's and the root, the most that are tried. */
const mostIntermediates = 10;

const known = new WeakMap<CertificateAuthority, readonly IssuerPath[]>();

/**
 * The certificates of an authority, each with its checked path to the root. They are the same for every signature, so they are checked once:
 * a signature by a P-384 key, as CAs have it, takes ten times as long to check as a signer's own. Validity is left to whoever knows
 * the time. One that may not issue certificates, or is not issued under the root, is left out.
 */
export function issuersOf(authority: CertificateAuthority): readonly IssuerPath[] {
  let paths = known.get(authority);
  if (paths === undefined) {
    paths = attempt(() => withIntermediates(rootOf(authority), authority.intermediates)) ?? [];
    known.set(authority, paths);
  }
  return paths;
}

/** These paths, and the intermediates that are issued under them: whoever attached a signature may have attached some. */
export function withIntermediates(paths: readonly IssuerPath[], intermediates: readonly Certificate[]): IssuerPath[] {
  const found = [...paths];
  let open = intermediates.slice(0, mostIntermediates);
  for (let more = true; more; ) {
    const left = open.filter((certificate) => {
      const path = pathTo(certificate, found);
      if (path !== undefined && mayIssue(certificate)) found.push([certificate, ...path]);
      return path === undefined;
    });
    more = left.length < open.length;
    open = left;
  }
  return found;
}

/** The path of who issued a certificate: of those that it names, the first that signed it. */
export function pathTo(certificate: Certificate, paths: readonly IssuerPath[]): IssuerPath | undefined {
  return paths.find((path) => {
    const [issuer] = path;
    return certificate.names(issuer) && hasRoom(path) && certificate.isSignedBy(issuer);
  });
}

function rootOf({ root }: CertificateAuthority): readonly IssuerPath[] {
  return mayIssue(root) ? [[root]] : [];
}

const nameConstraints = '2.5.29.30';

/** Which names it may issue for is not compared here: one that is bound to some issues nothing that counts. */
function mayIssue(certificate: Certificate): boolean {
  return (
    attempt(
      () =>
        certificate.pathLength !== undefined &&
        certificate.unknownCritical === undefined &&
        !certificate.extensions.has(nameConstraints),
    ) ?? false
  );
}

/** No certificate of the path has more intermediates below it than it allows: those before it, and itself apart from the signer's. */
function hasRoom(path: IssuerPath): boolean {
  return (
    path.every((certificate, below) => below <= (certificate.pathLength ?? -1)) && path.length <= mostIntermediates
  );
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
