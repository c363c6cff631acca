import { quoted } from '../../printable.ts';
import type { KeylessAttestor } from '../policy.ts';
import { readCertificates } from './certificates.ts';
import type { AttestorFields, WrittenKeyless } from './fields.ts';
import type { Beside } from './keys-attestor.ts';
import { readCtlog, readRekor } from './logs.ts';
import type { Place } from './place.ts';
import { readRegExp } from './regexp.ts';
import type { Report } from './report.ts';

const mostRoots = 32;

/** What Fulcio writes into its certificates, below its arc of OIDs, and the names that cosign and Kyverno have for some of it. */
const oid = /^1\.3\.6\.1\.4\.1\.57264\.1(?:\.(?:0|[1-9]\d{0,8})){1,4}$/;
const names = [
  'githubWorkflowTrigger',
  'githubWorkflowSha',
  'githubWorkflowName',
  'githubWorkflowRepository',
  'githubWorkflowRef',
];

/** `keyless` of an attestor; `undefined` where the report says why. */
export function readKeylessAttestor(
  keyless: WrittenKeyless,
  { signatureAlgorithm }: AttestorFields,
  beside: Beside,
  place: Place,
  report: Report,
): KeylessAttestor | undefined {
  if (signatureAlgorithm && signatureAlgorithm !== 'sha256') {
    report.problem(
      place.field('signatureAlgorithm'),
      'has no effect beside keyless: the certificate says how its key signs',
    );
  }
  return readKeyless(keyless, beside, place.field('keyless'), report);
}

/** A keyless signer whose fields stand at `at`; the flat form of v1 is one too. `undefined` where the report says why. */
export function readKeyless(
  fields: WrittenKeyless,
  beside: Beside,
  at: Place,
  report: Report,
): KeylessAttestor | undefined {
  lintLog(fields, at, report);
  const issuerRegExp = readRegExp(fields.issuerRegExp, at.field('issuerRegExp'), report);
  const subjectRegExp = readRegExp(fields.subjectRegExp, at.field('subjectRegExp'), report);
  const additionalExtensions = fields.additionalExtensions ?? {};
  lintExtensions(additionalExtensions, at.field('additionalExtensions'), report);
  const roots = readCertificates(fields.roots, at.field('roots'), mostRoots, report);
  const rekor = readRekor(fields.rekor, at.field('rekor'), report);
  const ctlog = readCtlog(fields.ctlog, at.field('ctlog'), report);
  if (!report.clean(at)) return undefined;
  const attestor: KeylessAttestor = {
    kind: 'keyless',
    ...(fields.issuer && { issuer: fields.issuer }),
    ...(issuerRegExp && { issuerRegExp }),
    ...(fields.subject && { subject: fields.subject }),
    ...(subjectRegExp && { subjectRegExp }),
    additionalExtensions,
    ...(roots && { roots }),
    rekor,
    ctlog,
    ...beside,
  };
  warnOfAnyone(attestor, at, report);
  if (attestor.subject && attestor.subjectRegExp) {
    report.warning(at.field('subjectRegExp'), 'must hold beside subject, where Kyverno takes either: leave one out');
  }
  return attestor;
}

/** Kyverno's words. */
function lintLog(fields: WrittenKeyless, at: Place, report: Report): void {
  const rekor = at.field('rekor');
  if (!rekor.given && !fields.roots) report.problem(at, 'Either Rekor URL or roots are required');
  else if (rekor.given && !fields.rekor?.url && report.clean(rekor)) report.problem(rekor, 'An URL is required');
}

function lintExtensions(extensions: KeylessAttestor['additionalExtensions'], at: Place, report: Report): void {
  for (const [name, value] of Object.entries(extensions)) {
    const field = at.field(name);
    if (name === 'oidcIssuer') report.problem(field, 'is what issuer asks for: write issuer');
    else if (!names.includes(name) && !oid.test(name)) {
      report.problem(
        field,
        `${quoted(name, 60)} is no extension that can be asked for: write an OID below 1.3.6.1.4.1.57264.1, or one of ${names.join(', ')}`,
      );
    } else if (value === '') report.problem(field, 'is empty: write what the certificate must have here');
  }
}

const everything = /^(?:\*+|\^?\.[*+]\$?)$/;

/** An identity provider that everyone can use, or a name that everyone can have, names nobody. */
function warnOfAnyone(attestor: KeylessAttestor, at: Place, report: Report): void {
  const asks = (...texts: (string | undefined)[]) => texts.some((text) => text !== undefined && !everything.test(text));
  const issuer = asks(attestor.issuer, attestor.issuerRegExp);
  const subject = asks(attestor.subject, attestor.subjectRegExp, ...Object.values(attestor.additionalExtensions));
  const authorities = attestor.roots === undefined ? 'the CA' : 'the CA of these roots';
  if (!issuer && !subject) {
    report.warning(
      at,
      `names nobody, so anyone who has an identity at ${authorities} can sign` +
        `${attestor.roots === undefined ? ' (at the public one: everyone who can log in somewhere)' : ''}: write issuer and subject`,
    );
  } else if (!subject) {
    report.warning(at, 'names no subject, so anyone whom the issuer knows can sign: write subject');
  } else if (!issuer && attestor.roots === undefined) {
    report.warning(at, 'names no issuer, so whoever gets this name from any issuer of the CA can sign: write issuer');
  }
}
