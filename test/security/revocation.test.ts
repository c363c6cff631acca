import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

describe('D4: a cache of CRLs that cannot be written', () => {
  test('lists and answers are asked and kept by a process that may write nothing: good is good, revoked is revoked', async () => {
    const program = `
      const { writeFileSync } = await import('node:fs');
      const { startWorld } = await import(${JSON.stringify(join(root, 'shared/revocation/testing/world.ts'))});
      const { makeCrl } = await import(${JSON.stringify(join(root, 'test/fixtures/authority/revocation.ts'))});
      const world = await startWorld();
      const { ask } = world.asker();
      const told = [];
      const [one, two] = [1, 2].map(() => world.certify({ crls: [world.at('crl')] }));
      world.served.set('crl', makeCrl(world.revoker, { listed: [{ serial: two.made.serial }] }));
      for (const { certificate } of [one, two, one]) told.push((await ask(certificate)).status);
      try { writeFileSync('/tmp/countersign-crl', ''); } catch ({ code }) { told.push(code); }
      console.log(JSON.stringify([...told, world.asked()]));
      await world.close();`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--permission', '--allow-fs-read=*', '--input-type=module-typescript', '-e', program],
      { cwd: root },
    );
    expect(JSON.parse(stdout)).toEqual(['good', 'revoked', 'good', 'ERR_ACCESS_DENIED', ['crl']]);
  });
});
