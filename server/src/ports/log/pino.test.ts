import { describe, expect, test } from "bun:test";
import { createLog } from "./pino.ts";

function collect(format: "text" | "json", level: "debug" | "info" = "info") {
  const lines: string[] = [];
  return { lines, log: createLog({ level, format, write: (line) => lines.push(line) }) };
}

describe("createLog", () => {
  test.each(["text", "json"] as const)(
    "counts equal warnings in place of repeating them, as %s",
    (format) => {
      const lines: string[] = [];
      const ends: (() => void)[] = [];
      const log = createLog({
        level: "info",
        format,
        write: (line) => lines.push(line),
        schedule: (work) => ends.push(work),
      });
      for (let at = 0; at < 121; at += 1) log.warn("disk is full", { path: "/a", requestId: `r${at}` });
      for (let at = 0; at < 2; at += 1) log.info("twice", {});
      expect(lines).toHaveLength(3);
      for (const end of ends.splice(0)) end();
      expect(lines).toHaveLength(4);
      if (format === "text")
        expect(lines[3]).toContain("WARN  disk is full (×120 in 60 s) path=/a requestId=r120");
      else expect(JSON.parse(lines[3] ?? "")).toMatchObject({ msg: "disk is full", repeated: 120 });
      expect(log.recent?.list(10)).toHaveLength(4);
    },
  );

  test("flush tells what was counted, and failures are reported with their cause", () => {
    const lines: string[] = [];
    const reported: unknown[] = [];
    const log = createLog({
      level: "info",
      format: "text",
      write: (line) => lines.push(line),
      report: (failure) => reported.push(failure),
    });
    const error = new RangeError("x");
    for (let at = 0; at < 2; at += 1) log.child("scan").error("failed", { error });
    log.warn("not reported");
    log.flush?.();
    expect(lines.filter((line) => line.includes("×1 in 60 s"))).toHaveLength(1);
    const failure = { component: "scan", message: "failed", error };
    expect(reported).toEqual([failure, failure]);
  });

  test("writes one readable line with level, component and facts", () => {
    const { lines, log } = collect("text");
    log.child("scan").warn("folder is slow", { path: "/roms/a b", count: 3 });
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z WARN {2}scan: folder is slow path="\/roms\/a b" count=3\n$/,
    );
  });

  test("writes one JSON object a line", () => {
    const { lines, log } = collect("json");
    log.info("ready", { port: 8080 });
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", msg: "ready", port: 8080 });
  });

  test("leaves out what is less important than the level", () => {
    const { lines, log } = collect("json");
    log.debug("noise");
    expect(lines).toEqual([]);
  });

  test("never writes secrets", () => {
    const { lines, log } = collect("json");
    log.info("request", { token: "rmm_abc", nested: { password: "hunter2" }, authorization: "Basic xyz" });
    expect(lines[0]).not.toMatch(/rmm_abc|hunter2|xyz/);
  });

  test("shows an error with its causes", () => {
    const { lines, log } = collect("text");
    log.error("failed", { error: new RangeError("outer", { cause: new TypeError("inner") }) });
    expect(lines[0]).toContain("RangeError: outer");
    expect(lines[0]).toContain("caused by TypeError: inner");
  });

  test("shows a failed query without the values it was given", () => {
    const { lines, log } = collect("json");
    const message = "Failed query: insert into users values ($1)\nparams: hunter2,$argon2id$secret\nmore";
    log.error("failed", { error: new RangeError(message, { cause: new RangeError(message) }) });
    expect(lines[0]).toContain("insert into users");
    expect(lines[0]).not.toMatch(/hunter2|argon2id/);
    expect(lines[0]).toContain("pino.test.ts");
  });
});
