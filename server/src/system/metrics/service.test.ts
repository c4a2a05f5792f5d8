import { afterEach, describe, expect, test } from "bun:test";
import { parseExposition } from "./exposition.testing.ts";
import { DURATION_SERIES_MAX, REQUEST_SERIES_MAX } from "./limits.ts";
import { createMetrics, type Metrics } from "./service.ts";

const opened: Metrics[] = [];
afterEach(() => {
  for (const metrics of opened.splice(0)) metrics.close();
});

function open(options: { now?: () => number; sourceTimeoutMs?: number } = {}) {
  const failures: unknown[] = [];
  const metrics = createMetrics({ ...options, onFailure: (source) => failures.push(source) });
  opened.push(metrics);
  const read = async () => parseExposition((await metrics.render()).text);
  return { metrics, failures, read };
}

const REQUEST = { class: "rest", route: "/api/x", method: "GET", status: 200, durationMs: 3 } as const;

describe("createMetrics", () => {
  test("counts requests and puts their durations into buckets", async () => {
    const { metrics, read } = open();
    for (const durationMs of [0.5, 1, 3, 70_000]) metrics.meter.note({ ...REQUEST, durationMs });
    metrics.meter.note({ ...REQUEST, status: 404 });
    const { samples } = await read();
    const counts = samples.filter(({ name }) => name === "multitap_http_requests_total");
    expect(counts.map(({ labels, value }) => [labels.status, value])).toEqual([
      ["200", 4],
      ["404", 1],
    ]);
    const buckets = samples.filter(({ name }) => name.endsWith("_duration_seconds_bucket"));
    expect(buckets.map(({ labels, value }) => [labels.le, value]).slice(0, 3)).toEqual([
      ["0.001", 2],
      ["0.005", 4],
      ["0.025", 4],
    ]);
    expect(buckets.at(-1)).toMatchObject({ labels: { le: "+Inf" }, value: 5 });
    const sum = samples.find(({ name }) => name.endsWith("_duration_seconds_sum"));
    expect(sum?.value).toBeCloseTo(70.0075, 5);
  });

  test("never tells more apart than it may, and loses no count", async () => {
    const { metrics, read } = open();
    const routes = REQUEST_SERIES_MAX + 500;
    for (let at = 0; at < routes; at += 1) metrics.meter.note({ ...REQUEST, route: `/api/${at}` });
    const { samples } = await read();
    const counts = samples.filter(({ name }) => name === "multitap_http_requests_total");
    expect(counts).toHaveLength(REQUEST_SERIES_MAX + 1);
    expect(counts.reduce((sum, { value }) => sum + value, 0)).toBe(routes);
    const durations = samples.filter(({ name }) => name.endsWith("_duration_seconds_count"));
    expect(durations).toHaveLength(DURATION_SERIES_MAX + 1);
    expect(durations.reduce((sum, { value }) => sum + value, 0)).toBe(routes);
  });

  test("writes labels of any text so that they are read as they were", async () => {
    const { metrics, read } = open();
    const route = 'quote " backslash \\ line\nend';
    metrics.meter.note({ ...REQUEST, route });
    const sample = { labels: { text: route }, value: 1 };
    metrics.add({
      name: "one",
      read: async () => [{ name: "one", help: "One.", samples: [sample] }],
    });
    const { samples } = await read();
    expect(samples.find(({ name }) => name === "multitap_http_requests_total")?.labels.route).toBe(route);
    expect(samples.find(({ name }) => name === "one")?.labels.text).toBe(route);
  });

  test("goes on without a part that fails, or does not answer", async () => {
    const { metrics, failures, read } = open({ sourceTimeoutMs: 5 });
    metrics.add({ name: "failing", read: () => Promise.reject(new RangeError("gone")) });
    metrics.add({ name: "hanging", read: () => new Promise(() => undefined) });
    metrics.add({
      name: "well",
      read: async () => [{ name: "well", help: "Well.", samples: [{ value: 7 }] }],
    });
    const { samples } = await read();
    const up = samples.filter(({ name }) => name === "multitap_source_up");
    expect(up.map(({ labels, value }) => [labels.source, value])).toEqual([
      ["failing", 0],
      ["hanging", 0],
      ["well", 1],
    ]);
    expect(samples.find(({ name }) => name === "well")?.value).toBe(7);
    expect(failures).toEqual(["failing", "hanging"]);
  });

  test("reads its parts once for whoever asks within a second", async () => {
    let now = 0;
    let readCount = 0;
    const { metrics } = open({ now: () => now });
    metrics.add({
      name: "counted",
      read: async () => {
        readCount += 1;
        return [];
      },
    });
    await Promise.all([metrics.render(), metrics.render()]);
    expect(readCount).toBe(1);
    now = 2_000;
    await metrics.render();
    expect(readCount).toBe(2);
  });
});

describe("parseExposition", () => {
  test.each([
    "a 1",
    "a 1\n",
    "# TYPE a gauge\na\n",
    "# TYPE a gauge\na x\n",
    "# TYPE a gauge\na{b=1} 1\n",
    '# TYPE a gauge\na{b="1"} 1\na{b="1"} 2\n',
    "# TYPE a gauge\n# TYPE a gauge\na 1\n",
    "# TYPE a number\na 1\n",
  ])("refuses %p", (text) => {
    expect(() => parseExposition(text)).toThrow(RangeError);
  });
});
