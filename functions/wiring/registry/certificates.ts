import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Certificates, readCertificates, whyUnread } from '../../../shared/net/certificates.ts';
import type { RegistryConfig } from '../config/registry.ts';
import { ConfigError } from '../config/settings.ts';

const none: Certificates = { pem: [], warnings: [] };

/** The certificates that registries may be certified by, beside the default roots: see `readRegistryCa`. */
export function registryCertificates({ registryCa }: RegistryConfig, root: string, now: number): Certificates {
  return registryCa === undefined ? none : readRegistryCa(root, registryCa, now);
}

/**
 * The certificates of the setting REGISTRY_CA, a file below the function's code. Reads synchronously: it is called once, while
 * nothing else could run. `now`: milliseconds since 1970. Throws ConfigError.
 */
export function readRegistryCa(root: string, file: string, now: number): Certificates {
  try {
    return readCertificates(readFileSync(join(root, file)), now);
  } catch (thrown) {
    throw new ConfigError([`REGISTRY_CA: ${file} ${whyUnread(thrown)}`]);
  }
}
