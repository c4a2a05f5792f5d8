import { describe, expect, test } from "bun:test";
import { AssertionError } from "../../base/assert.ts";
import { describeFault } from "./file-failure.ts";
import { TaskCancelled } from "./task.ts";

const fault = (code: unknown): Error => Object.assign(new Error("as the system says it"), { code });

describe("describeFault", () => {
  const PATH = "/nowhere/Crystal (USA).nes";
  test.each([
    ["ENOENT", "vanished", "is not there"],
    ["ENOTDIR", "vanished", "is not there"],
    ["EACCES", "unreadable", "is unreadable by uid"],
    ["EPERM", "unreadable", "is unreadable by uid"],
    ["ELOOP", "unreadable", "in a loop"],
    ["ENAMETOOLONG", "unreadable", "longer than"],
    ["EIO", "io", "cannot be read: EIO"],
    ["ESTALE", "io", "cannot be read: ESTALE"],
    ["EMFILE", "io", "cannot be read: EMFILE"],
  ] as const)("answers %s as %s", (code, expected, words) => {
    const failure = describeFault(PATH, fault(code));
    expect(failure.code).toBe(expected);
    expect(failure.message).toStartWith(PATH);
    expect(failure.message).toContain(words);
  });

  test.each([
    ["a bug", new AssertionError("broken")],
    ["a cancelled task", new TaskCancelled()],
    ["a code of another kind", fault("ERR_INVALID_ARG_TYPE")],
    ["a numeric code", fault(5)],
    ["what is no error", "text"],
  ])("lets %s through", (_, thrown) => {
    expect(() => describeFault(PATH, thrown)).toThrow(thrown as Error);
  });
});
