import { collectDefaultMetrics, Registry } from "prom-client";
import { AppError } from "../../base/errors.ts";
import type { MeteredRequest, RequestMeter } from "../../http/request-meter.ts";
import type { MetricFamily, MetricSource } from "./contract.ts";
import {
  ANSWER_AGE_MAX_MS,
  DURATION_BUCKETS_S,
  DURATION_SERIES_MAX,
  REQUEST_SERIES_MAX,
  SAMPLES_MAX,
  SOURCE_TIMEOUT_MS,
} from "./limits.ts";

/** Numbers of this process in the text form of Prometheus. */
export interface Metrics {
  readonly meter: RequestMeter;
  /** Adds a part that is read at every scrape. */
  add(source: MetricSource): void;
  /** Everything at this moment; sources that fail are told as such and leave out theirs. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  close(): void;
}

/** What a collection is made with. */
export interface MetricsOptions {
  readonly now?: (() => number) | undefined;
  readonly sourceTimeoutMs?: number | undefined;
  /** Told of every source that fails. */
  readonly onFailure: (source: string, error: unknown) => void;
}

/** Makes an empty collection with what every process can tell: memory, time, the lag of its loop. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { now = () => performance.now(), sourceTimeoutMs = SOURCE_TIMEOUT_MS, onFailure } = options;
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  const requests = createRequestCounts();
  const sources: MetricSource[] = [];
  let last: { readonly atMs: number; readonly text: Promise<string> } | null = null;
  const render = async () => {
    const read = await Promise.all(sources.map((source) => readSource(source, sourceTimeoutMs, onFailure)));
    const states = read.map(({ name, families }) => ({
      labels: { source: name },
      value: families === null ? 0 : 1,
    }));
    const up: MetricFamily = {
      name: "multitap_source_up",
      help: "Whether a part of the server could tell its numbers.",
      samples: states,
    };
    const families = [up, ...read.flatMap((each) => each.families ?? [])];
    return [withoutUnknown(await own.metrics()), formatFamilies(families), requests.format()].join("\n");
  };
  return {
    meter: requests,
    add: (source) => void sources.push(source),
    async render() {
      if (last === null || now() - last.atMs > ANSWER_AGE_MAX_MS) last = { atMs: now(), text: render() };
      return { contentType: Registry.PROMETHEUS_CONTENT_TYPE, text: await last.text };
    },
    close: () => own.clear(),
  };
}

/** The library writes "Nan" for what was not measured yet, which not every reader takes for a number. */
function withoutUnknown(text: string): string {
  return text.replaceAll(/^.* NaN\n?/gim, "");
}

interface ReadSource {
  readonly name: string;
  /** Null when it failed. */
  readonly families: readonly MetricFamily[] | null;
}

async function readSource(
  source: MetricSource,
  timeoutMs: number,
  onFailure: MetricsOptions["onFailure"],
): Promise<ReadSource> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `${source.name} did not answer within ${timeoutMs} ms`;
    late.reject(new AppError("unavailable", "METRICS_SOURCE_LATE", { message }));
  }, timeoutMs);
  try {
    return { name: source.name, families: await Promise.race([source.read(), late.promise]) };
  } catch (error) {
    onFailure(source.name, error);
    return { name: source.name, families: null };
  } finally {
    clearTimeout(timer);
  }
}

/** Not by the library either: it tells 0 of a number that nobody knows. */
function formatFamilies(families: readonly MetricFamily[]): string {
  const known = families.map(({ name, help, samples }) => {
    const lines = samples
      .slice(0, SAMPLES_MAX)
      .filter(({ value }) => Number.isFinite(value))
      .map(({ labels, value }) => `${name}${labels === undefined ? "" : formatLabels(labels)} ${value}`);
    return lines.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines, ""];
  });
  return known.flat().join("\n");
}

interface Durations {
  readonly class: string;
  readonly route: string;
  /** Of each bucket alone, the last for what is longer. */
  readonly counts: number[];
  sumSeconds: number;
}

/** Requests are counted here and not by the library: it makes a text of all labels for each of them. */
function createRequestCounts(): RequestMeter & { format(): string } {
  const counts = new Map<string, { readonly request: MeteredRequest; count: number }>();
  const durations = new Map<string, Durations>();
  return {
    note(request) {
      const key = `${request.status} ${request.method} ${request.class} ${request.route}`;
      const counted = counts.get(key) ?? addCount(counts, key, request);
      counted.count += 1;
      const timed = durations.get(request.route) ?? addDurations(durations, request);
      const seconds = request.durationMs / 1000;
      const bucket = DURATION_BUCKETS_S.findIndex((bound) => seconds <= bound);
      const at = bucket < 0 ? DURATION_BUCKETS_S.length : bucket;
      timed.counts[at] = (timed.counts[at] ?? 0) + 1;
      timed.sumSeconds += seconds;
    },
    format: () => `${formatCounts([...counts.values()])}${formatDurations([...durations.values()])}`,
  };
}

const OTHER = "other";

type Counts = Map<string, { readonly request: MeteredRequest; count: number }>;

function addCount(counts: Counts, key: string, request: MeteredRequest) {
  const isFull = counts.size >= REQUEST_SERIES_MAX;
  const kept = { ...request, ...(isFull ? { route: OTHER, method: OTHER, status: 0 } : {}) };
  const keptKey = isFull ? OTHER : key;
  const counted = counts.get(keptKey) ?? { request: kept, count: 0 };
  counts.set(keptKey, counted);
  return counted;
}

function addDurations(durations: Map<string, Durations>, request: MeteredRequest): Durations {
  const isFull = durations.size >= DURATION_SERIES_MAX;
  const route = isFull ? OTHER : request.route;
  const made: Durations = durations.get(route) ?? {
    class: isFull ? OTHER : request.class,
    route,
    counts: Array.from({ length: DURATION_BUCKETS_S.length + 1 }, () => 0),
    sumSeconds: 0,
  };
  durations.set(route, made);
  return made;
}

function formatLabels(labels: Readonly<Record<string, string | number>>): string {
  const quote = (value: string) =>
    value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${quote(String(value))}"`)
    .join(",")}}`;
}

function formatCounts(
  counted: readonly { readonly request: MeteredRequest; readonly count: number }[],
): string {
  const name = "multitap_http_requests_total";
  const lines = counted.map(({ request, count }) => {
    const { class: kind, route, method, status } = request;
    return `${name}${formatLabels({ class: kind, route, method, status })} ${count}`;
  });
  return [`# HELP ${name} Requests that were answered.`, `# TYPE ${name} counter`, ...lines, ""].join("\n");
}

function formatDurations(timed: readonly Durations[]): string {
  const name = "multitap_http_request_duration_seconds";
  const lines = timed.flatMap(({ class: kind, route, counts, sumSeconds }) => {
    let sum = 0;
    const buckets = counts.map((count, index) => {
      sum += count;
      const le = DURATION_BUCKETS_S[index] ?? "+Inf";
      return `${name}_bucket${formatLabels({ class: kind, route, le })} ${sum}`;
    });
    const labels = formatLabels({ class: kind, route });
    return [...buckets, `${name}_sum${labels} ${sumSeconds}`, `${name}_count${labels} ${sum}`];
  });
  const help = `# HELP ${name} Time until the answer began.`;
  return [help, `# TYPE ${name} histogram`, ...lines, ""].join("\n");
}
