import { describe, expect, test } from "bun:test";
import { createManualEnvironment } from "../testing/manual-environment.ts";
import { createProgressMeter } from "./progress.ts";
import type { TransferProgress } from "./types.ts";

function setUp() {
  const environment = createManualEnvironment();
  const told: (TransferProgress & { readonly atMs: number })[] = [];
  const begunMs = environment.now();
  const meter = createProgressMeter(environment, (progress) =>
    told.push({ ...progress, atMs: environment.now() - begunMs }),
  );
  return { environment, told, meter };
}

describe("progress", () => {
  test("is told at once, then at most every 100 ms, and at the end", async () => {
    const { environment, told, meter } = setUp();
    meter.update({ phase: "transferring", totalBytes: 1_000 });
    for (let loadedBytes = 10; loadedBytes <= 1_000; loadedBytes += 10) {
      await environment.advance(10);
      meter.update({ loadedBytes });
    }
    meter.update({ phase: "finishing" });
    meter.finish();
    const times = told.map(({ atMs }) => atMs);
    expect(times.slice(0, -1)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
    expect(told.at(-1)).toMatchObject({ phase: "finishing", loadedBytes: 1_000, totalBytes: 1_000 });
  });

  test("of the last change is told even if nothing follows", async () => {
    const { environment, told, meter } = setUp();
    meter.update({ phase: "transferring" });
    meter.update({ phase: "finishing" });
    expect(told.map(({ phase }) => phase)).toEqual(["transferring"]);
    await environment.advance(100);
    expect(told.map(({ phase }) => phase)).toEqual(["transferring", "finishing"]);
    meter.finish();
    expect(told).toHaveLength(2);
    expect(environment.pending()).toEqual([]);
  });

  test("averages the speed over three seconds and tells the time that remains", async () => {
    const { environment, told, meter } = setUp();
    meter.update({ phase: "transferring", totalBytes: 100_000, loadedBytes: 0 });
    for (let second = 1; second <= 10; second++) {
      await environment.advance(1_000);
      // Ten times faster from the sixth second on.
      meter.update({ loadedBytes: second <= 5 ? second * 1_000 : 5_000 + (second - 5) * 10_000 });
    }
    expect(told[1]).toMatchObject({ bytesPerSecond: 1_000, remainingMs: 99_000 });
    expect(told.at(-1)).toMatchObject({ bytesPerSecond: 10_000, remainingMs: 4_500 });
  });

  test("does not count resumed bytes as speed, nor guess without a total", async () => {
    const { environment, told, meter } = setUp();
    meter.update({ phase: "transferring" });
    await environment.advance(100);
    meter.update({ resumedBytes: 5_000_000, loadedBytes: 5_000_000 });
    await environment.advance(1_000);
    meter.update({ loadedBytes: 5_001_000 });
    expect(told.at(-1)).toMatchObject({ bytesPerSecond: 1_000, remainingMs: null, resumedBytes: 5_000_000 });
  });
});
