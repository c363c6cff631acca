/** A ClusterPolicy that wants Pods' images of one pattern signed with one key, without a transparency log. */
export function signedByPolicy(images: string, publicKeyPem: string): string {
  const pem = indented(publicKeyPem, 22);
  return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: require-team-signature
spec:
  validationFailureAction: Enforce
  rules:
    - name: signed-by-the-team
      match:
        any:
          - resources:
              kinds: [Pod]
      verifyImages:
        - imageReferences: ["${images}"]
          attestors:
            - entries:
                - keys:
                    publicKeys: |-
                      ${pem}
                    rekor:
                      ignoreTlog: true
`;
}

/** One that wants images of these patterns scanned within a week, nothing critical found, by whoever has the key. */
export function scannedByPolicy(images: readonly string[], publicKeyPem: string): string {
  return `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: require-scan
spec:
  validationFailureAction: Enforce
  rules:
    - name: nothing-critical
      match:
        any:
          - resources:
              kinds: [Pod]
      verifyImages:
        - imageReferences: ${JSON.stringify(images)}
          attestations:
            - name: scan
              type: https://cosign.sigstore.dev/attestation/vuln/v1
              attestors:
                - entries:
                    - keys:
                        publicKeys: |-
                          ${indented(publicKeyPem, 26)}
                        rekor:
                          ignoreTlog: true
              conditions:
                - all:
                    - key: "{{ time_since('', '{{ metadata.scanFinishedOn }}', '') }}"
                      operator: LessThanOrEquals
                      value: 168h
                    - key: "{{ scanner.result.Results[].Vulnerabilities[].Severity || \`[]\` }}"
                      operator: AllNotIn
                      value: [CRITICAL]
`;
}

/** The lines of a PEM block, all but the first moved in by so many columns. */
function indented(pem: string, columns: number): string {
  return pem.trim().replaceAll('\n', `\n${' '.repeat(columns)}`);
}
