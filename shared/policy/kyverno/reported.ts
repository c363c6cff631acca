import type { Reported } from '../policy.ts';

const prefix = 'policies.kyverno.io/';

/** As Kyverno's pkg/utils/report/results.go reads them: `undefined` where nothing is written. */
export function reportedOf(
  annotations: Readonly<Record<string, string>>,
  properties: Readonly<Record<string, string>> = {},
): Reported | undefined {
  const written = (name: string) =>
    Object.hasOwn(annotations, prefix + name) ? annotations[prefix + name] : undefined;
  const scored = written('scored') !== 'false';
  const category = written('category');
  const severity = severities.find((each) => each === written('severity'));
  if (scored && !category && severity === undefined && Object.keys(properties).length === 0) return undefined;
  return {
    scored,
    ...(category ? { category } : {}),
    ...(severity === undefined ? {} : { severity }),
    properties,
  };
}

const severities = ['critical', 'high', 'medium', 'low', 'info'];
