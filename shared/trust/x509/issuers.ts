import type { CertificateAuthority } from '../root/trust-root.ts';
import type { Certificate } from './certificate.ts';

/** Who may have issued a certificate: its own certificate first, the root last. */
export type IssuerPath = readonly [Certificate, ...Certificate[]];

/** Certificates between a signer's and the root, the most that are tried. */
const mostIntermediates = 10;
/** Who issues certificates of every signer has a few: more are made up to be tried. */
const mostPaths = 32;

const known = new WeakMap<CertificateAuthority, readonly IssuerPath[]>();

/**
 * The certificates of an authority, each with its checked paths to the root. They are the same for every signature, so they are checked once:
 * a signature by a P-384 key, as CAs have it, takes ten times as long to check as a signer's own. Validity is left to whoever knows
 * the time. One that may not issue certificates, or is not issued under the root, is left out.
 */
export function issuersOf(authority: CertificateAuthority): readonly IssuerPath[] {
  let paths = known.get(authority);
  if (paths === undefined) {
    paths = withIntermediates(rootOf(authority), authority.intermediates);
    known.set(authority, paths);
  }
  return paths;
}

/** These paths, and the intermediates that are issued under them: whoever attached a signature may have attached some. */
export function withIntermediates(
  paths: readonly IssuerPath[],
  intermediates: readonly Certificate[],
): readonly IssuerPath[] {
  const found = [...paths];
  let open = intermediates
    .slice(0, mostIntermediates)
    .filter((certificate) => !paths.some(([issuer]) => issuer.equals(certificate)))
    // Whether one may issue costs nothing to see, and whether it is issued does.
    .filter((certificate) => mayIssue(certificate));
  for (let more = true; more; ) {
    const left = open.filter((certificate) => {
      const above = pathsTo(certificate, found);
      for (const path of above) if (found.length < mostPaths) found.push([certificate, ...path]);
      return above.length === 0;
    });
    more = left.length < open.length;
    open = left;
  }
  return found;
}

/**
 * The paths of who issued a certificate: those that it names, and that signed it. There are several where a CA has renewed a
 * certificate with the key that it had, and they are not valid at the same times.
 */
export function pathsTo(certificate: Certificate, paths: readonly IssuerPath[]): readonly IssuerPath[] {
  return paths.filter((path) => {
    const [issuer] = path;
    return certificate.names(issuer) && hasRoom(path) && holds(() => certificate.isSignedBy(issuer));
  });
}

const listed = new WeakMap<Certificate, readonly IssuerPath[]>();

/** The paths of a certificate that the authority itself lists, as the one who stamps: checked once, as its issuers are. */
export function pathsOfListed(certificate: Certificate, authority: CertificateAuthority): readonly IssuerPath[] {
  let paths = listed.get(certificate);
  if (paths === undefined) {
    paths = pathsTo(certificate, issuersOf(authority));
    listed.set(certificate, paths);
  }
  return paths;
}

function rootOf({ root }: CertificateAuthority): readonly IssuerPath[] {
  return mayIssue(root) ? [[root]] : [];
}

const nameConstraints = '2.5.29.30';

function mayIssue(certificate: Certificate): boolean {
  return issuesNothing(certificate) === undefined;
}

/**
 * Why nothing that a certificate issued counts; `undefined`: it may. Which names it may issue for is not compared here, so one that is
 * bound to some issues nothing that counts.
 */
export function issuesNothing(certificate: Certificate): string | undefined {
  try {
    if (certificate.pathLength === undefined) return 'it may not issue certificates';
    const { unknownCritical } = certificate;
    if (certificate.extensions.has(nameConstraints)) return 'its name constraints are not read';
    return unknownCritical === undefined ? undefined : `its critical extension ${unknownCritical} is not understood`;
  } catch {
    return 'its extensions do not parse';
  }
}

/** No certificate of the path has more intermediates below it than it allows: those before it, and itself apart from the signer's. */
function hasRoom(path: IssuerPath): boolean {
  return (
    path.every((certificate, below) => below <= (certificate.pathLength ?? -1)) && path.length <= mostIntermediates
  );
}

/** What of a certificate does not parse says nothing. */
function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
