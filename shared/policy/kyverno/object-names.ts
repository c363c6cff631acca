import { possibleIn } from '../../image/possible.ts';
import { quoted } from '../../printable.ts';
import { nameAdvice } from './pattern-advice.ts';
import type { Place } from './place.ts';

/** A namespace's name: a DNS label (RFC 1123), up to 63 characters. */
export const namespaceName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** A Pod's or a controller's name, a DNS subdomain of up to 253 characters. One that is made of a generateName ends in no `-` either. */
const objectName = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** An annotation's name, with or without a prefix (apimachinery's IsQualifiedName, in which the prefix's case does not count). */
const annotationName =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

const possible = {
  namespace: possibleIn(namespaceName, 63),
  object: possibleIn(objectName, 253),
  annotation: possibleIn(annotationName, 317),
};
const has = { namespace: 'a namespace', object: 'an object', annotation: 'an annotation' } as const;

export interface ImpossibleName {
  readonly at: Place;
  readonly message: string;
}

/** The patterns of a list that no name in a cluster can match, each with what it was likely meant to be. */
export function impossibleNames(
  patterns: readonly string[],
  of: keyof typeof possible,
  at: (index: number) => Place,
): ImpossibleName[] {
  return patterns.flatMap((pattern, index) => {
    if (possible[of](pattern)) return [];
    const message = `${quoted(pattern, 200)} is no name that ${has[of]} can have`;
    return [{ at: at(index), message: message + nameAdvice(pattern) }];
  });
}
