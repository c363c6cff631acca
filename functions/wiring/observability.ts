import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { Metrics as EmbeddedMetrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import type { AdmissionRecord, ImageRecord } from '../../shared/answer/record.ts';
import type { Metrics } from '../../shared/net/metrics.ts';
import { Refusal } from '../../shared/reasons.ts';
import type { CallRecord } from '../http/handler.ts';

export interface ObservabilityOptions {
  /** Which function this is: the `service` of each line and of each metric. */
  readonly service: string;
  /** The configured clusters: any other text under the label `cluster` is counted as `other`. */
  readonly clusters: readonly string[];
}

/** What a function leaves behind: lines of JSON on stdout, and metrics in CloudWatch's embedded format among them. */
export interface Observability {
  readonly metrics: Metrics;
  /** The one line of an admission, and of the call that it answers. */
  log(record: AdmissionRecord, call: CallRecord): void;
  /** A defect of ours: its class, code and place. Not its message, which may quote what was being handled. */
  crashed(thrown: unknown): void;
  /** What is wrong with the deployment, in its own words: an error for its operators, counted under the same name. */
  problem(name: string, message: string): void;
  /** What operators should change although it works: a line below an error's level, counted under the same name. */
  warning(name: string, message: string): void;
  /** At the start of each invocation: its request id and whether the instance is new stand in each line from then on. */
  begin(context: Context): void;
  /** At the end of each invocation: publishes what has been counted since the last time. */
  flush(): void;
}

const namespace = 'Countersign';
/** Each set of labels is a metric that is paid for: more of them at once than this can only be a mistake, and are counted together. */
const maxSeries = 50;
const labelValue = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * What stands in each line beside what it is about. Powertools' own formatter repeats the function's name, ARN and memory in each, which the
 * log group says already; a line about a call has API Gateway's id of it, beside which its access log has the function's.
 */
class ShortLines extends LogFormatter {
  override formatAttributes(attributes: UnformattedAttributes, additional: LogAttributes): LogItem {
    const { logLevel: level, message, timestamp, serviceName: service, lambdaContext } = attributes;
    const ofCall = additional['call'] !== undefined;
    return new LogItem({
      attributes: {
        level,
        message,
        timestamp: this.formatTimestamp(timestamp),
        ...(!ofCall && { service }),
        ...(!ofCall && lambdaContext !== undefined && { function_request_id: lambdaContext.awsRequestId }),
        ...(lambdaContext?.coldStart === true && { cold_start: true }),
      },
    }).addAttributes(additional);
  }
}

/** Powertools' Logger and Metrics, as the ports of the handlers. POWERTOOLS_* and Lambda's own log level apply. */
export function createObservability({ service, clusters }: ObservabilityOptions): Observability {
  const logger = new Logger({ serviceName: service, logLevel: 'INFO', logFormatter: new ShortLines() });
  const embedded = new EmbeddedMetrics({ namespace, serviceName: service });
  const known: ReadonlySet<string> = new Set(clusters);
  let counts = new Map<string, Series>();

  /** The name and labels of a series in one text, so that the same ones are summed up before they are written. */
  function seriesKey(name: string, labels: Labels): string {
    let key = name;
    for (const label in labels) key += `\n${label}\n${labelText(label, labels[label])}`;
    return key;
  }

  function labelText(label: string, value: string | undefined): string {
    if (value === undefined || !labelValue.test(value)) return 'other';
    return label !== 'cluster' || known.has(value) ? value : 'other';
  }

  /** An answer must not be lost over a metric that cannot be written. */
  function publish(key: string, count: number): void {
    const [name = '', ...labels] = key.split('\n');
    try {
      for (let at = 0; at + 1 < labels.length; at += 2) {
        embedded.addDimension(labels[at] ?? '', labels[at + 1] ?? '');
      }
      embedded.addMetric(name, MetricUnit.Count, count).publishStoredMetrics();
    } catch (thrown) {
      logger.error('a metric was not published', { metric: name, crash: described(thrown) });
    }
  }

  function count(name: string, labels: Labels = none): void {
    let key = seriesKey(name, labels);
    if (!counts.has(key) && counts.size >= maxSeries) key = 'series-dropped';
    const series = counts.get(key);
    if (series === undefined) counts.set(key, { count: 1 });
    else series.count += 1;
  }

  return {
    metrics: { count },
    log: (record, call) => logger.info('admission', { call: clipped(call), admission: bounded(record) }),
    crashed: (thrown) => logger.error('crash', { crash: described(thrown) }),
    problem(name, message) {
      logger.error(name, { problem: message.slice(0, maxProblem) });
      count(name);
    },
    warning(name, message) {
      logger.warn(name, { warning: message.slice(0, maxWarning) });
      count(name);
    },
    begin: (context) => logger.addContext(context),
    flush() {
      const written = counts;
      counts = new Map();
      for (const [key, { count }] of written) publish(key, count);
    },
  };
}

type Handler<Event, Result> = (event: Event, context: Context) => Promise<Result>;

/** Lines of each call carry its request id, and its metrics are out before its answer. */
export function observed<Event, Result>(
  handler: Handler<Event, Result>,
  observability: Observability,
): Handler<Event, Result> {
  return async (event, context) => {
    observability.begin(context);
    try {
      return await handler(event, context);
    } finally {
      observability.flush();
    }
  };
}

type Labels = Readonly<Record<string, string>>;
const none: Labels = {};

interface Series {
  count: number;
}

/** CloudWatch takes a line of 256 KB for certain; a caller writes names, and a policy as many keys as it likes. */
const maxSigners = 10;
const maxText = 300;
/** UTF-16 units: policies have up to 200 problems a document. */
const maxProblem = 50_000;
const maxWarning = 1000;

/** Digits of a policy set's hash that stand in a line; the audit annotation has all of them. */
const hashDigits = 12;

/** `dryRun` is said where it is one. */
function bounded({ dryRun, ...record }: AdmissionRecord): Readonly<Record<string, unknown>> {
  return {
    ...clipped(record),
    ...(dryRun && { dryRun }),
    images: record.images.map(boundedImage),
    policySet: record.policySet.slice(0, hashDigits),
  };
}

function boundedImage(image: ImageRecord): Readonly<Record<string, unknown>> {
  return { ...clipped(image), signers: image.signers.slice(0, maxSigners).map(clip) };
}

function clipped<T extends object>(fields: T): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) result[name] = typeof value === 'string' ? clip(value) : value;
  return result;
}

function clip(text: string): string {
  return text.length <= maxText ? text : `${text.slice(0, maxText)}…`;
}

function described(thrown: unknown): Readonly<Record<string, unknown>> {
  if (!Error.isError(thrown)) return { name: typeof thrown };
  const own = 'code' in thrown && typeof thrown.code === 'string' ? { code: thrown.code } : {};
  // The line has one name for a reason of ours and for a system's code.
  const code = thrown instanceof Refusal ? { code: thrown.reason } : own;
  const { stack = '', message } = thrown;
  // A message of several lines may look like frames itself.
  const below = stack.slice(stack.indexOf(message) + message.length);
  const frames = below.split('\n').filter((line) => /^\s+at /.test(line));
  return { name: thrown.name, ...code, at: frames.slice(0, 10).map((line) => line.trim().slice(3)) };
}
