import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { at, parseDer, tagged } from '../shared/der.ts';
import { Certificate } from '../shared/trust/x509/certificate.ts';
import { attempt } from '../shared/verify/attempt.ts';
import { stampOf } from '../shared/verify/notary/stamp.ts';
import type { Run } from './notary-envelopes.ts';

/** Tokens that count; of the others the name says what is wrong with them. */
const good: ReadonlySet<string> = new Set([
  'TimeStampToken.p7s',
  'TimeStampTokenWithAnInvalidAndAValidSignerInfo.p7s',
  'TimeStampTokenWithValidAndInvalidSignerInfos.p7s',
]);
/** What they are over, and the one whose root is trusted for all of them. */
const message = Buffer.from('notation');
const usual = 'TimeStampToken.p7s';

/** tspclient-go's time-stamp tokens in `DIR/notary/timestamp-tokens`: how many are judged as their names say, and which are not. */
export async function timestampTokens(directory: string): Promise<Run> {
  const tokens = join(directory, 'notary', 'timestamp-tokens');
  const names = await readdir(tokens).then(
    (all) => all.filter((name) => name.endsWith('.p7s')),
    () => [],
  );
  if (names.length === 0) return { passed: 0, wrong: [] };
  const roots = rootsIn(await readFile(join(tokens, usual)));
  const wrong: string[] = [];
  for (const name of names) {
    const bytes = await readFile(join(tokens, name));
    const stamp = attempt(() => stampOf(bytes, message, roots));
    const counts = typeof stamp !== 'string' && !('error' in stamp);
    if (counts !== good.has(name)) wrong.push(`${name}: ${counts ? 'accepted' : 'rejected'}`);
  }
  return { passed: names.length - wrong.length, wrong };
}

function rootsIn(token: Uint8Array): readonly Certificate[] {
  const carried = tagged(at(parseDer(token), 1, 0), 0)?.subs ?? [];
  return carried.map(({ raw }) => new Certificate(raw)).filter((one) => one.isSelfIssued);
}
