import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A trust policy document, with PEM of its stores by `type:name`. */
export interface Trust {
  readonly policy: object;
  readonly stores: Readonly<Record<string, string>>;
}

/** Writes it into a folder as `notation` has it. */
export async function writeTrust(folder: string, { policy, stores }: Trust): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'trustpolicy.json'), JSON.stringify(policy));
  for (const [name, pem] of Object.entries(stores)) {
    const store = join(folder, 'truststore', 'x509', ...name.split(':'));
    await mkdir(store, { recursive: true });
    await writeFile(join(store, 'certificates.pem'), pem);
  }
  return folder;
}
