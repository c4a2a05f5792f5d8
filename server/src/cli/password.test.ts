import { describe, expect, test } from "bun:test";
import { CliError } from "./errors.ts";
import { type PasswordInput, readPassword } from "./password.ts";
import { createTerminal } from "./terminal.ts";

interface Scene {
  readonly typed?: readonly string[];
  readonly isTTY?: boolean;
  readonly isFromStdin?: boolean;
  readonly fromEnvironment?: string;
}

/** Reads a password from what is typed; gives it, what was shown, and how the terminal's mode changed. */
async function read({ typed = [], isTTY = false, isFromStdin = false, fromEnvironment }: Scene) {
  const shown: string[] = [];
  const modes: boolean[] = [];
  const stderr = { write: (text: string) => shown.push(text), isTTY };
  const input: PasswordInput = {
    isTTY,
    setRawMode: (isRaw) => modes.push(isRaw),
    async *[Symbol.asyncIterator]() {
      for (const text of typed) yield Buffer.from(text);
    },
  };
  const password = await readPassword({
    isFromStdin,
    environment: { MULTITAP_PASSWORD: fromEnvironment },
    terminal: createTerminal({ stdout: stderr, stderr }),
    input,
  }).catch((error: unknown) => {
    if (error instanceof CliError) return `refused: ${error.code}`;
    throw error;
  });
  return { password, shown: shown.join(""), modes };
}

describe("readPassword", () => {
  test.each([
    [["secret\n"], "secret"],
    [["secret\r\nmore\n"], "secret"],
    [["sec", "ret"], "secret"],
    [[" with space "], " with space "],
    [[], ""],
    [["x".repeat(5_000)], "refused: CLI_USAGE"],
  ])("takes the first line of standard input %j", async (typed, expected) => {
    const scene = { typed, isFromStdin: true, fromEnvironment: "other" };
    expect((await read(scene)).password).toBe(expected);
  });

  test("takes the environment's, also at a terminal", async () => {
    expect((await read({ fromEnvironment: "secret", isTTY: true })).password).toBe("secret");
  });

  test("refuses where nobody can be asked", async () => {
    expect((await read({ fromEnvironment: "" })).password).toBe("refused: CLI_PASSWORD_MISSING");
  });

  test.each([
    [["secret\r", "secret\r"], "secret"],
    [["secret\rsecret\r"], "secret"],
    [["secrex\u007ft\r", "wrong\u0015secret\r"], "secret"],
    [["secret\r", "other\r"], "refused: CLI_PASSWORD_MISSING"],
    [["sec\u0003"], "refused: CLI_INTERRUPTED"],
    [["secret\r\u0004"], "refused: CLI_INTERRUPTED"],
    [["secret\r"], "refused: CLI_PASSWORD_MISSING"],
  ])("asks twice at a terminal: %j", async (typed, expected) => {
    const { password, shown, modes } = await read({ typed, isTTY: true });
    expect(password).toBe(expected);
    expect(shown).toContain("Password: ");
    expect(shown).not.toContain("sec");
    expect(modes).toEqual([true, false]);
  });
});
