import { ecrHosts } from '../../../shared/image/registry-names.ts';
import type { AddressRules } from '../../../shared/net/addresses.ts';
import type { RegistryConfig } from '../config/registry.ts';

/** Where a function calls: public addresses, and in the VPC Amazon ECR and the hosts that the settings name. */
export function calledAddresses({ vpcRanges, privateHosts }: RegistryConfig): AddressRules {
  return vpcRanges.length === 0 ? [] : [{ ranges: vpcRanges, hosts: [...ecrHosts, ...privateHosts] }];
}
