/**
 * Amazon ECR's private registries: `<account>.dkr.ecr[-fips].<region>.amazonaws.com[.cn]` and the dual-stack
 * `<account>.dkr-ecr[-fips].<region>.on.aws`. Anchored at both ends: `….amazonaws.com.evil.example` is none (CVE-2025-27403).
 */
const ecrHost =
  /^\d{12}\.(?:dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|dkr-ecr(?:-fips)?\.[a-z0-9-]+\.on\.(?:aws|amazonwebservices\.com\.cn))$/;

export function isEcrHost(registry: string): boolean {
  return ecrHost.test(registry);
}
