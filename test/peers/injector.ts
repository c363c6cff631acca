import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { selfSigned } from '../../local/tls.ts';
import type { Cluster } from './cluster.ts';
import { probe, type Scene } from './scene.ts';

/**
 * Another team's mutating webhook, as a service mesh has one: it gives each Pod of a scene that has no label `injected` that
 * label, and applies a JSON Patch. It is called after the project's own, since the API server goes by name; returns once it is
 * called, and ends with the scene.
 */
export async function inject(cluster: Cluster, scene: Scene, patch: readonly object[] = []): Promise<void> {
  const { namespace } = scene;
  const tls = await selfSigned();
  let calls = 0;
  const server = createServer({ cert: tls.certPem, key: tls.keyPem }, async (incoming, outgoing) => {
    calls += 1;
    const { request } = JSON.parse(await text(incoming));
    const done = request.object.metadata.labels?.injected !== undefined;
    const label = { op: 'add', path: '/metadata/labels', value: { injected: 'yes' } };
    const operations = Buffer.from(JSON.stringify([label, ...patch])).toString('base64');
    const response = {
      uid: request.uid,
      allowed: true,
      ...(done ? {} : { patchType: 'JSONPatch', patch: operations }),
    };
    outgoing.setHeader('content-type', 'application/json');
    outgoing.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, stderr } = await cluster.kubectl(['create', '-f', '-'], {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `zz-injector-${namespace}` },
    webhooks: [
      {
        name: `injector.${namespace}.example.com`,
        clientConfig: { url: `https://127.0.0.1:${port}/`, caBundle: Buffer.from(tls.certPem).toString('base64') },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        reinvocationPolicy: 'Never',
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  });
  if (code !== 0) throw new Error(stderr);
  scene.onClose(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  await probe(cluster, namespace, () => calls > 0);
  scene.records.length = 0;
}
