import { on } from '../../local/registry/faults.ts';
import { makeImage, sign } from '../../local/signer/signer.ts';
import { openStage, pod, policy, review } from './harness.ts';

test('hang referrers', async () => {
  await using stage = await openStage();
  const d = await makeImage(stage.target, 'a/b', '1');
  await sign(stage.target, { repository: 'a/b', digest: d, key: stage.team, format: 'sig' });
  stage.registry.settings.intercept = on({ kind: 'referrers' }, { kind: 'hang' });
  stage.policies(policy({ images: '*', keys: [stage.team] }));
  const a = await stage.send('/mutate', review(pod([`${stage.registry.host}/a/b:1`])), { timeout: '1s' });
  console.log(a.body);
});
