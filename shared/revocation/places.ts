import { type Asn1, at, tagged } from '../der.ts';
import type { Certificate } from '../trust/x509/certificate.ts';

const authorityInfoAccess = '1.3.6.1.5.5.7.1.1';
const ocsp = '1.3.6.1.5.5.7.48.1';
const distributionPoints = '2.5.29.31';

/** Of each kind; who names more is not asked. */
const mostPlaces = 8;
/** Characters of a URI. */
const longestPlace = 2048;

/** Where a certificate says that one may ask whether it is revoked. */
export interface Places {
  /** URIs as written, in order. */
  readonly responders: readonly string[];
  readonly crls: readonly string[];
}

/** Throws where its extensions are damaged, or name too many. */
export function placesOf({ extensions }: Certificate): Places {
  const access = extensions.get(authorityInfoAccess)?.content().subs ?? [];
  const responders = access.filter((each) => at(each, 0).toOID() === ocsp).map((each) => at(each, 1));
  return { responders: urisIn(responders), crls: pointsIn(extensions.get(distributionPoints)?.content()) };
}

/** The URIs of CRLDistributionPoints (RFC 5280 section 4.2.1.13), or of a freshestCRL. Throws. */
export function pointsIn(points: Asn1 | undefined): readonly string[] {
  return urisIn((points?.subs ?? []).flatMap((point) => namesOf(tagged(point, 0))));
}

/** GeneralNames of a DistributionPointName, where it is a full one. */
export function namesOf(name: Asn1 | undefined): readonly Asn1[] {
  const full = name === undefined ? undefined : tagged(name, 0);
  return full?.subs ?? [];
}

export function urisIn(names: readonly Asn1[]): readonly string[] {
  const uris = names.filter((each) => each.contextTag === 6).map((each) => each.value.toString('latin1'));
  if (uris.length > mostPlaces) throw new Error(`it names over ${mostPlaces} places`);
  if (uris.some(({ length }) => length > longestPlace)) {
    throw new Error(`it names a place of over ${longestPlace} characters`);
  }
  return uris;
}
