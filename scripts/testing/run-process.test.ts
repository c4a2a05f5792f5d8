import { afterEach, describe, expect, test } from "bun:test";
import { requireProgram } from "./require-program.ts";
import { runProcess } from "./run-process.ts";

const shell = (script: string, timeoutMs = 10_000, signal?: AbortSignal) =>
  runProcess(["/bin/sh", "-c", script], { cwd: import.meta.dir, timeoutMs, signal, output: "keep" });

describe("runProcess", () => {
  test("answers the exit code and both outputs", async () => {
    expect(await shell("echo a; echo b >&2; exit 3")).toEqual({
      exitCode: 3,
      output: expect.stringMatching(/^(a\nb\n|b\na\n)$/),
    });
  });

  test("gives the program nothing to read", async () => {
    expect(await shell("cat; echo end")).toEqual({ exitCode: 0, output: "end\n" });
  });

  test("stops a program whose time is over, and says so", async () => {
    const { exitCode, output } = await shell("exec sleep 60", 50);
    expect(exitCode).toBe(124);
    expect(output).toContain("stopped after 0.05 s");
  });

  test("stops a program when its signal fires, also before it started", async () => {
    const later = AbortSignal.timeout(50);
    expect((await shell("exec sleep 60", 10_000, later)).exitCode).toBe(143);
    expect((await shell("exec sleep 60", 10_000, AbortSignal.abort())).exitCode).toBe(143);
  });
});

describe("requireProgram", () => {
  const before = process.env.MULTITAP_CI;

  afterEach(() => {
    if (before === undefined) delete process.env.MULTITAP_CI;
    else process.env.MULTITAP_CI = before;
  });

  test("answers the path of an installed program", () => {
    expect(requireProgram("sh")).toEndWith("/sh");
  });

  test("answers null for a missing one, except where skipping is a failure", () => {
    delete process.env.MULTITAP_CI;
    expect(requireProgram("no-such-program")).toBeNull();
    process.env.MULTITAP_CI = "1";
    expect(() => requireProgram("no-such-program")).toThrow("no-such-program is not installed");
  });
});
