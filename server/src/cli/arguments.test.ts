import { describe, expect, test } from "bun:test";
import { type OptionTable, parseArguments } from "./arguments.ts";
import { CliError } from "./errors.ts";

const options = {
  platform: { kind: "list", placeholder: "SLUG", help: "Which." },
  type: { kind: "text", placeholder: "TYPE", help: "How.", accepts: ["quick", "complete"] },
  wait: { kind: "flag", fallback: true, help: "Wait." },
  all: { kind: "flag", fallback: false, help: "All." },
  help: { kind: "flag", fallback: false, help: "Help." },
} as const satisfies OptionTable;
const parse = (...argv: string[]) => parseArguments(argv, { name: "scan", options, positionals: [] }).options;

/** The sentence that `run` refuses with; null when it does not. */
function refusal(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof CliError && error.exitCode === 64) return error.message;
    throw error;
  }
}

describe("parseArguments", () => {
  test("gives every option its default", () => {
    expect(parse()).toEqual({ platform: [], type: null, wait: true, all: false, help: false });
  });

  test.each([
    [["--platform", "gb", "--platform=nes"], { platform: ["gb", "nes"] }],
    [["--platform=-odd"], { platform: ["-odd"] }],
    [["--type", "complete"], { type: "complete" }],
    [["--wait=false"], { wait: false }],
    [["--wait=true"], { wait: true }],
    [["--no-wait"], { wait: false }],
    [["--no-wait", "--wait"], { wait: true }],
    [["--all", "--type=quick"], { all: true, type: "quick" }],
    [["-h"], { help: true }],
  ])("reads %j", (argv, expected) => {
    expect(parse(...argv)).toMatchObject(expected);
  });

  test.each([
    [["--bogus"], "scan: unknown option --bogus"],
    [["--bogus=1"], "scan: unknown option --bogus"],
    [["-x"], "scan: unknown option -x"],
    [["--no-type"], "scan: unknown option --no-type"],
    [["--no-wait=true"], "scan: unknown option --no-wait"],
    [["--constructor"], "scan: unknown option --constructor"],
    [["--__proto__"], "scan: unknown option --__proto__"],
    [["--type", "full"], 'scan: --type is "full"; accepted: quick, complete'],
    [["--type"], "scan: --type needs a value (TYPE)"],
    [["--type="], "scan: --type needs a value (TYPE)"],
    [["--platform", "--all"], "scan: --platform needs a value (SLUG)"],
    [["--type=quick", "--type=quick"], "scan: --type is given twice"],
    [["--wait=maybe"], 'scan: --wait is "maybe"; accepted: true, false'],
    [["extra"], 'scan: unexpected argument "extra"'],
  ])("refuses %j in one sentence", (argv, expected) => {
    expect(refusal(() => parse(...argv))).toBe(`${expected}. See multitap scan --help`);
  });

  const named = {
    name: "user create",
    options: { ...options, email: { kind: "text", placeholder: "E", help: "", isRequired: true } },
    positionals: ["NAME"],
  } as const;

  test("gives positional arguments in their order, wherever options stand", () => {
    expect(parseArguments(["--email", "e", "ana"], named).positionals).toEqual(["ana"]);
    expect(parseArguments(["--email=e", "--", "--ana"], named).positionals).toEqual(["--ana"]);
  });

  test("takes several where the last one may be repeated", () => {
    const several = { name: "upload", options, positionals: ["FILE..."] };
    expect(parseArguments(["a", "--wait", "b", "c"], several).positionals).toEqual(["a", "b", "c"]);
    expect(refusal(() => parseArguments([], several))).toStartWith("upload: FILE is missing.");
  });

  test("names what is missing", () => {
    expect(refusal(() => parseArguments(["--email=e"], named))).toStartWith("user create: NAME is missing.");
    expect(refusal(() => parseArguments(["ana"], named))).toStartWith("user create: --email is missing.");
  });

  test("asks for nothing when only the help is wanted", () => {
    expect(parseArguments(["--help"], named).options.help).toBe(true);
  });
});
