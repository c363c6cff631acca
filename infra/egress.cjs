const { rulesFor } = require('./rules.cjs');

/** The ports, beside 443, that hosts are named with. */
function portsOf(hosts) {
  const ports = hosts.flatMap((host) => /:(\d{1,5})$/.exec(host)?.[1] ?? []).map(Number);
  return [...new Set(ports)].filter((port) => port !== 443);
}

/**
 * What the function's security group lets out. `everywhere`: the ranges of all addresses, of the families that the function has. Private
 * hosts answer in the VPC's ranges, so no port of theirs is open elsewhere.
 */
function waysOut({ ranges, everywhere, registries, privateHosts }) {
  const open = portsOf(registries);
  return [
    ...rulesFor(443, everywhere, 'AWS and registries'),
    ...open.flatMap((port) => rulesFor(port, everywhere, 'Registries at this port')),
    ...portsOf(privateHosts)
      .filter((port) => !open.includes(port))
      .flatMap((port) => rulesFor(port, ranges, 'Private hosts at this port')),
  ];
}

module.exports = { waysOut };
