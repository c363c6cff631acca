import { quoted } from '../../printable.ts';
import type { Place } from '../kyverno/place.ts';
import type { Report } from '../kyverno/report.ts';
import { type NotaryLevels, notaryLevels } from './trust-policy.ts';

/** `signatureVerification` as it is written. */
export interface VerificationFields {
  readonly level?: string;
  readonly override?: Readonly<Record<string, string>>;
  readonly verifyTimestamp?: string;
}

const levelNames = [...Object.keys(notaryLevels), 'skip'].join(', ');
const actions: Readonly<Record<keyof NotaryLevels, readonly string[]>> = {
  authenticity: ['enforce', 'log'],
  authenticTimestamp: ['enforce', 'log'],
  expiry: ['enforce', 'log'],
  revocation: ['enforce', 'log', 'skip'],
};

/** `level` with its `override`; `undefined` where the report says why not. */
export function readLevels(
  fields: VerificationFields,
  place: Place,
  report: Report,
): NotaryLevels | 'skip' | undefined {
  const { level = '' } = fields;
  const at = place.field('level');
  const override = Object.entries(fields.override ?? {});
  if (level === 'skip') {
    if (override.length === 0) return 'skip';
    report.problem(place.field('override'), 'has no effect at level skip: leave it out');
    return undefined;
  }
  const base = isLevel(level) ? notaryLevels[level] : undefined;
  if (base === undefined) {
    const what = level === '' ? 'is required' : `${quoted(level, 60)} is no level`;
    report.problem(at, `${what}: write one of ${levelNames}`);
    return undefined;
  }
  const levels: Record<keyof NotaryLevels, string> = { ...base };
  for (const [what, action] of override) {
    const here = place.field('override').field(what);
    if (what === 'integrity') report.problem(here, 'cannot be overridden: a signature that does not hold is none');
    else if (!isValidation(what)) {
      report.problem(here, `${quoted(what, 60)} is no validation: write one of ${Object.keys(actions).join(', ')}`);
    } else if (!actions[what].includes(action)) {
      report.problem(here, `${quoted(action, 60)} is not accepted: write one of ${actions[what].join(', ')}`);
    } else levels[what] = action;
  }
  return report.clean(place.field('override')) ? (levels as NotaryLevels) : undefined;
}

/** `verifyTimestamp`: always, unless it is written. */
export function readVerifyTimestamp(
  { verifyTimestamp = '' }: VerificationFields,
  place: Place,
  report: Report,
): 'always' | 'afterCertExpiry' {
  if (verifyTimestamp === 'afterCertExpiry') return 'afterCertExpiry';
  if (verifyTimestamp !== '' && verifyTimestamp !== 'always') {
    report.problem(
      place.field('verifyTimestamp'),
      `${quoted(verifyTimestamp, 60)} is not accepted: write one of always, afterCertExpiry`,
    );
  }
  return 'always';
}

function isLevel(text: string): text is keyof typeof notaryLevels {
  return Object.hasOwn(notaryLevels, text);
}

function isValidation(text: string): text is keyof NotaryLevels {
  return Object.hasOwn(actions, text);
}
