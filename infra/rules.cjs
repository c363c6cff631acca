/** Rules of a security group for one TCP port, from or to each of some ranges of either family. */
function rulesFor(port, ranges, description) {
  return ranges.map((range) => ({
    Description: description,
    IpProtocol: 'tcp',
    FromPort: port,
    ToPort: port,
    [range.includes(':') ? 'CidrIpv6' : 'CidrIp']: range,
  }));
}

module.exports = { rulesFor };
