/** A ClusterPolicy that wants Pods' images of one pattern signed with one key, without a transparency log. */
export function signedByPolicy(images: string, publicKeyPem: string): string {
  const pem = publicKeyPem.trim().replaceAll('\n', '\n                      ');
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
