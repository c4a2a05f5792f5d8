import { describe, expect, test } from "bun:test";
import { MultitapError } from "@multitap/client";
import { DbError } from "@multitap/db/errors";
import { NativeError } from "@multitap/native/errors";
import { StartError } from "../app/config-errors.ts";
import { AppError } from "../base/errors.ts";
import { type Command, type CommandResult, createCommand, type Surroundings } from "./command.ts";
import { CliError, toFailure } from "./errors.ts";
import { runCommandLine } from "./run.ts";
import { createTerminal } from "./terminal.ts";

/** Runs a command line over commands of the test's own; gives what both streams hold. */
async function run(argv: readonly string[], body: () => Promise<CommandResult>, names = ["scan"]) {
  const texts = { out: "", err: "" };
  const terminal = createTerminal({
    stdout: { write: (text) => (texts.out += text) },
    stderr: { write: (text) => (texts.err += text) },
  });
  const unused = () => {
    throw new TypeError("this command has no use for it");
  };
  const surroundings: Surroundings = {
    environment: {},
    terminal,
    getConfig: unused,
    getInterruption: unused,
    createLog: unused,
  };
  const options = { fast: { kind: "flag", fallback: false, help: "Be fast." } } as const;
  const commands: Command[] = names.map((name) =>
    createCommand({ name, summary: `Does ${name}.`, options, run: body }),
  );
  const exitCode = await runCommandLine({ argv, commands, surroundings });
  return { exitCode, ...texts };
}

const done = async () => ({ json: { count: 2 }, lines: ["two", "done"] });
const fail = (error: unknown) => async () => {
  throw error;
};

describe("runCommandLine", () => {
  test("prints lines for people", async () => {
    expect(await run(["scan"], done)).toEqual({ exitCode: 0, out: "two\ndone\n", err: "" });
  });

  test("prints one object with --json, wherever it stands", async () => {
    const expected = { exitCode: 0, out: '{"count":2}\n', err: "" };
    expect(await run(["scan", "--json", "--fast"], done)).toEqual(expected);
    expect(await run(["scan", "--fast", "--json=true"], done)).toEqual(expected);
  });

  test("tells a refusal in one line on standard error, with its exit code", async () => {
    const refused = fail(new StartError("E_CONFIG", "PORT is wrong."));
    const { exitCode, out, err } = await run(["scan"], refused);
    expect([exitCode, out, err]).toEqual([78, "", "multitap: PORT is wrong. (E_CONFIG)\n"]);
  });

  test("tells a refusal as an object with --json", async () => {
    const { exitCode, out, err } = await run(["scan", "--json"], fail(new CliError("CLI_NOT_READY", "no")));
    expect([exitCode, out, err]).toEqual([1, '{"error":{"code":"CLI_NOT_READY","message":"no"}}\n', ""]);
  });

  test("keeps what a failed command found", async () => {
    const failed = async () => ({
      json: { checks: [] },
      lines: ["table"],
      failure: toFailure(new CliError("CLI_CHECKS_FAILED", "1 failed")),
    });
    expect(await run(["scan"], failed)).toEqual({
      exitCode: 1,
      out: "table\n",
      err: "multitap: 1 failed (CLI_CHECKS_FAILED)\n",
    });
    const { out } = await run(["scan", "--json"], failed);
    expect(JSON.parse(out)).toEqual({
      error: { code: "CLI_CHECKS_FAILED", message: "1 failed" },
      checks: [],
    });
  });

  test("shows the stack of a bug, and still one object with --json", async () => {
    const { exitCode, out, err } = await run(["scan", "--json"], fail(new RangeError("oops")));
    expect([exitCode, JSON.parse(out)]).toEqual([1, { error: { code: "CLI_INTERNAL", message: "oops" } }]);
    expect(err).toContain("RangeError: oops");
  });

  const group = ["user create", "user remove"];
  test.each([
    [["frob"], "unknown command frob"],
    [["--frob"], "unknown option --frob"],
    [["user"], "there is user create, user remove"],
    [["user", "paint"], "there is user create, user remove"],
    [["user", "create", "--frob"], "user create: unknown option --frob"],
  ])("answers %j with one line and exit code 64", async (argv, message) => {
    const { exitCode, out, err } = await run(argv, done, group);
    expect([exitCode, out]).toEqual([64, ""]);
    expect(err).toContain(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });

  test.each([[[]], [["--help"]], [["help"]], [["-h"]]])("lists the commands for %j", async (argv) => {
    const { exitCode, out } = await run(argv, done, group);
    expect(exitCode).toBe(0);
    expect(out).toContain("user create  Does user create.");
  });

  test("shows the help of a command and of a group without running anything", async () => {
    const one = await run(["user", "create", "--help"], fail(new TypeError("ran")), group);
    expect(one).toMatchObject({ exitCode: 0, err: "" });
    expect(one.out).toContain("Usage: multitap user create [options]");
    expect(one.out).toContain("--fast      Be fast.");
    const all = await run(["user", "--help"], fail(new TypeError("ran")), group);
    expect(all.out).toContain("user remove");
  });
});

describe("toFailure", () => {
  test.each([
    ["E_PORT", 78, "taken.", () => new StartError("E_PORT", "taken.")],
    ["E_DATA_LOCKED", 1, "in use.", () => new DbError("E_DATA_LOCKED", "in use.")],
    ["SCAN_NOT_FOUND", 1, "gone", () => new AppError("not_found", "SCAN_NOT_FOUND", { message: "gone" })],
    ["SCAN_RUNNING", 1, "busy", () => new MultitapError("conflict", "SCAN_RUNNING", { message: "busy" })],
    ["CHD_CLOSED", 1, "it was", () => new NativeError("CHD_CLOSED", "it was")],
    ["CLI_USAGE", 64, "what", () => new CliError("CLI_USAGE", "what")],
    ["CLI_INTERRUPTED", 143, "bye", () => new CliError("CLI_INTERRUPTED", "bye", { exitCode: 143 })],
    ["CLI_INTERNAL", 1, "a text", () => "a text"],
  ])("gives %s with exit code %i and %p", (code, exitCode, message, create) => {
    expect(toFailure(create())).toMatchObject({ code, message, exitCode });
  });
});
