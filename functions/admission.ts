import { type Deployment, deployAdmission } from './admission/deploy.ts';
import type { AdmissionHandler } from './http/handler.ts';

/**
 * The admission function: POST /{cluster}/{mutate|validate}/{scope}/{token}. One function for both steps, so that both calls of a
 * Pod share an instance. In Lambda the work that the first review waits for begins while the instance starts; elsewhere nothing
 * happens before the first event.
 */
let deployment: Deployment | undefined;

function instance(): Deployment {
  deployment ??= deployAdmission(process.env);
  return deployment;
}

if (process.env['AWS_LAMBDA_FUNCTION_NAME'] !== undefined) {
  const started = instance();
  // An instance of provisioned concurrency sleeps when it has started: nothing is left under way, and nothing for the first review.
  if (process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] === 'provisioned-concurrency') await started.loadAll();
  else void started.begin();
}

export const handler: AdmissionHandler = (event, context) => instance().handler(event, context);
