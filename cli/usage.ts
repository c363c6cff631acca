/** A wrong use of the command line; each problem says what to write instead. Exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly problems: readonly string[];

  constructor(...problems: readonly string[]) {
    super(problems.join('; '));
    this.problems = problems;
  }
}

export const usage = `countersign: admits container images only when the people whom a policy trusts have signed them

  countersign verify --policy FILE... --image REF... [-o json]
      one result per image and rule
  countersign verify --trust-policy DIR --image REF... [-o json]
      the same by a trust policy of notation alone
  countersign apply POLICY... --resource FILE... [-o json|yaml]
      what admission would do to these resources; -o yaml prints them as it would leave them, for kubectl apply -f -
  countersign test DIR... [-o json|junit]
      the suites (kyverno-test.yaml) of Kyverno's command line, as far as they are about images
  countersign serve --policies DIR [--addr 127.0.0.1:9443] [--tls-cert F --tls-key F] [--token T]
      the webhooks on this machine; GET /healthz
  countersign manifests --policies DIR --url URL [--token T] [--cluster NAME] [--ca FILE] [--break-glass NAMESPACE | --audit-only]
      the webhook configurations of a cluster, to kubectl apply -f -
  countersign trust show [--trusted-root FILE] [--max-age DAYS] [-o json]
      whom a policy trusts that names no log, key or CA of its own
  countersign trust update [--mirror URL --root FILE] [--out trusted_root.json] [--cache DIR]
      fetches what Sigstore, or an instance of your own, publishes of that, and verifies it (TUF)
  countersign token add|rotate|retire --cluster NAME (--secret ARN [--print] | --file FILE)
      a cluster's webhook tokens in the secret of a deployment; those of other clusters stay as they are
  countersign conformance verify-bundle --bundle F (--certificate-identity I --certificate-oidc-issuer U | --key F) FILE
      for Sigstore's conformance suite: one bundle, one file

A FILE or POLICY may be a folder: the .yaml, .yml and .json files in it and in its folders; a pattern in quotes ('*.yaml', '**'); or -,
standard input.

Options of verify, apply, test and serve:
  --credentials FILE      a docker config with registry credentials (default: the one of docker login)
  --allow-http HOST[:PORT]  permit plain HTTP to this registry (loopback needs no permission)
  --ca FILE               certificates (PEM) that registries may be certified by, beside the public ones
  --trusted-root FILE|none  the trust root (trusted_root.json), in place of Sigstore's public-good one (manifests too)
Options of verify, apply and test:
  -o, --output text|json  text for people (default), json for programs: then errors are JSON too
  --at TIME               verify as of this time (RFC 3339)
  --timeout DURATION      time for one round of images, or for one resource, 30s
Options of verify and apply:
  --trust-policy DIR      notation's trust policy and trust store, in place of those in notary/ beside the policies; or a FILE, with the
                          truststore beside it
Options of apply, test and serve:
  --registries HOST,...   registries that are named beside those of the rules: where one of them fails it is an outage
Options of apply:
  -f, --resource FILE     resources, YAML or JSON
  -e, --exception FILE    PolicyExceptions, beside those among the policies
  -o, --output yaml       the resources on standard output if all are admitted, results on standard error
  --values-file FILE      values for variables and for the request (kind: Values)
  -u, --userinfo FILE     who asks (kind: UserInfo)
  --policy-report         the results as reports of wgpolicyk8s.io/v1alpha2, YAML or with -o json JSON
  --openreportsEnabled    reports of openreports.io/v1alpha1 in their place
Options of test:
  -f, --file-name NAME    what suites are called (default: kyverno-test.yaml, kyverno-test.yml)
  -t, --test-case-selector "policy=p, rule=r, resource=x"
                          the results to look at, with wildcards
  --detailed-results      with each result's message
  --fail-only             failed results alone
  --require-tests         an error where there is no test about images
  -o, --output junit      for CI systems
Options of serve:
  --log text|json|none    one line per admission (default: text on a terminal, else json)
  --max-images N          distinct images that one review may ask about (default 64)
  --imageVerifyCacheEnabled, --imageVerifyCacheMaxSize, --imageVerifyCacheTTLDuration
                          the verified-image cache: true, 1000, 60m
  --tagPointers on|off    remember for 30 s which digest a tag names (default on)
Options of manifests:
  --url URL               where the deployment is, https, an API's stage included
  --cluster NAME          whose policies and paths: default, or a folder of DIR (default: default)
  --ca FILE               certificates (PEM) that the API server is to trust; without it, its system's
  --break-glass NAMESPACE  nothing is blocked in it, and each use is recorded
  --audit-only            one webhook that asks every rule, and blocks nothing
  --resource KIND=PLURAL  what the API server calls a kind that rules have imageExtractors for; without it, a guess
  -o, --output yaml|json  two documents (default), or one List
Options of token:
  --secret ARN            the secret, TokensSecretArn of the deployment, as whom AWS's own configuration says
  --print                 the commands for it, with the AWS command line, in place of changing it
  --file FILE             the secret's text in a file
  --all                   of retire: every token of a cluster that is no more

Exit status: 1 if any result is fail (apply: of a rule that enforces; test: unlike what is expected), else 2 if any is error or the use
was wrong, else 0.
`;
