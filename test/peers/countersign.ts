import { createHash, createPublicKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalCore } from '../../local/core.ts';
import { rootOfFile } from '../../local/trust-root.ts';
import type { Report } from '../../shared/answer/report.ts';
import { loadExpressions } from '../../shared/expression/expressions.ts';
import { parseReference } from '../../shared/image/reference.ts';
import { startDeadline } from '../../shared/net/deadline.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import type { Rule } from '../../shared/policy/policy.ts';
import { type Question, questionFor } from '../../shared/policy/select.ts';
import { loadRegExps } from '../../shared/regexp.ts';
import { run } from './tools.ts';

export const root = join(import.meta.dirname, '..', '..');
/** The command as a clone has it. */
export const countersign = join(root, 'bin', 'countersign');

/** `countersign verify -o json`, run as a program: the results are in the order of the images. `more` is of its command line. */
export async function verifyImages(
  policy: string,
  images: readonly string[],
  more: readonly string[] = [],
): Promise<Report & { code: number }> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-policy-'));
  try {
    const file = join(dir, 'policy.yaml');
    await writeFile(file, policy);
    const { code, stdout, stderr } = await run(countersign, [
      'verify',
      '--policy',
      file,
      '-o',
      'json',
      '--image',
      ...images,
      ...more,
    ]);
    if (!stdout.startsWith('{')) throw new Error(`countersign verify: exit status ${code}\n${stdout}${stderr}`);
    return { code, ...JSON.parse(stdout) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Like `verifyImages` in this process, which starts no program: one reason an image, in the order of the images. `trustedRoot` is a file,
 * in place of the carried one.
 */
export async function reasonsFor(
  policy: string,
  images: readonly string[],
  { trustedRoot }: { readonly trustedRoot?: string } = {},
): Promise<string[]> {
  await loadRegExps();
  await loadExpressions();
  const [rule] = loadPolicies([{ name: 'policy.yaml', text: policy }]).rules;
  if (rule === undefined) throw new Error('a policy without a rule');
  const questions = images.map((image) => questionOn(rule, image));
  const found = trustedRoot === undefined ? undefined : await rootOfFile(trustedRoot);
  const core = createLocalCore(found === undefined ? {} : { roots: () => found.root });
  const deadline = startDeadline(30_000, core.elapsed);
  try {
    return (await core.pipeline.answer(questions, { purpose: 'verify', deadline })).map(({ reason }) => reason);
  } finally {
    deadline.stop();
    await core.close();
  }
}

function questionOn(rule: Rule, image: string): Question {
  const parsed = parseReference(image);
  if ('problem' in parsed) throw new Error(`${image}: ${parsed.problem}`);
  const about = { kind: 'reference', text: image } as const;
  const question = questionFor(rule, rule.action, about, parsed.reference);
  if (question === undefined) throw new Error(`the policy is not about ${image}`);
  return question;
}

/** What results call a key: the hash of its SubjectPublicKeyInfo. */
export function identityOf(pem: string): string {
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(spki).digest('hex')}`;
}
