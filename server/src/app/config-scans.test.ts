import { describe, expect, test } from "bun:test";
import { readConfig } from "./config.ts";

const read = (environment: Readonly<Record<string, string>>) =>
  readConfig(environment, { defaultBasePath: "/data" }).tasks;

describe("readTasks", () => {
  test("takes the compatible defaults", () => {
    expect(read({})).toEqual({
      rescan: { isEnabled: false, cron: "0 3 * * *" },
      orphanedResources: { isEnabled: false, cron: "0 5 * * *" },
      watcher: { isEnabled: false, delayMinutes: 5 },
      timeZone: "UTC",
      resultTtlMs: 86_400_000,
    });
  });

  test("takes what the operator says", () => {
    const environment = {
      ENABLE_SCHEDULED_CLEANUP_ORPHANED_RESOURCES: "yes",
      SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON: "15 4 * * 0",
      TASK_RESULT_TTL: "120",
      TZ: "Europe/Berlin",
    };
    expect(read(environment)).toMatchObject({
      orphanedResources: { isEnabled: true, cron: "15 4 * * 0" },
      timeZone: "Europe/Berlin",
      resultTtlMs: 120_000,
    });
  });

  test.each(["every day", "0 0 3 * * *", "0 3 30 2 *"])("refuses the pattern %p", (cron) => {
    expect(() => read({ SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON: cron })).toThrow(
      "SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON",
    );
  });

  test("refuses a life of results that is none", () => {
    expect(() => read({ TASK_RESULT_TTL: "0" })).toThrow("TASK_RESULT_TTL");
  });
});
