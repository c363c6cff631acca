import type { Json } from '../../value.ts';
import type { Extension } from './extensions.ts';
import { orNull } from './name.ts';

/**
 * What Go makes of extensions that are not read here, where they are not there. Where one is, its fields are left out: asking for them is
 * an error instead of an answer that is not so.
 */
const defaults: readonly (readonly [id: string, fields: Readonly<Record<string, Json>>])[] = [
  [
    '2.5.29.30',
    {
      PermittedDNSDomainsCritical: false,
      ...Object.fromEntries(
        ['DNSDomains', 'IPRanges', 'EmailAddresses', 'URIDomains'].flatMap((kind) => [
          [`Permitted${kind}`, null],
          [`Excluded${kind}`, null],
        ]),
      ),
    },
  ],
  ['2.5.29.33', { PolicyMappings: null }],
  [
    '2.5.29.36',
    {
      RequireExplicitPolicy: 0,
      RequireExplicitPolicyZero: false,
      InhibitPolicyMapping: 0,
      InhibitPolicyMappingZero: false,
    },
  ],
  ['2.5.29.54', { InhibitAnyPolicy: 0, InhibitAnyPolicyZero: false }],
];

/** All that Go reads. */
const read = new Set([
  ...[14, 15, 17, 19, 30, 31, 32, 33, 35, 36, 37, 54].map((last) => `2.5.29.${last}`),
  '1.3.6.1.5.5.7.1.1',
]);

export function unreadFields(extensions: readonly Extension[]): Record<string, Json> {
  const there = new Set(extensions.map(({ id }) => id));
  const unhandled = extensions.filter(({ id, critical }) => critical && !read.has(id));
  return {
    ...Object.fromEntries(defaults.flatMap(([id, fields]) => (there.has(id) ? [] : Object.entries(fields)))),
    UnhandledCriticalExtensions: orNull(unhandled.map(({ id }) => id.split('.').map(Number))),
  };
}
