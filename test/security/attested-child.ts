import { readFileSync } from 'node:fs';
import { createLocalCore } from '../../local/core.ts';
import { parseReview } from '../../shared/admission/review.ts';
import { loadExpressions } from '../../shared/expression/expressions.ts';
import { monotonic, startDeadline } from '../../shared/net/deadline.ts';
import { loadPolicies } from '../../shared/policy/kyverno/load.ts';
import { loadRegExps } from '../../shared/regexp.ts';
import { pod, review } from '../e2e/documents.ts';
import { largestResident } from './resident.ts';

/**
 * `node attested-child.ts POLICY IMAGE…`: one Pod of all these images is reviewed by a policy file, twice, in a process of its own. Prints
 * JSON: `peak`, the process's largest resident size in MB, and the results.
 */
const [file = '', ...images] = process.argv.slice(2);
await loadRegExps();
await loadExpressions();
const { rules } = loadPolicies([{ name: file, text: readFileSync(file, 'utf8') }]);
const parsed = parseReview(review(pod(images)));
if (parsed.kind !== 'review') throw new Error(parsed.problem);
const core = createLocalCore();
const applicable = rules.filter(({ autogenOf }) => autogenOf === undefined);

const reviews: unknown[] = [];
for (let time = 0; time < 2; time += 1) {
  const deadline = startDeadline(30_000, monotonic);
  const verdicts = await core.pipeline.review(applicable, parsed.request, { purpose: 'mutate', deadline });
  deadline.stop();
  reviews.push(verdicts.map(({ result, reason, effort }) => `${result} ${reason} ${effort.source}`));
}
await core.close();
console.log(JSON.stringify({ peak: largestResident() / 1024, reviews }));
