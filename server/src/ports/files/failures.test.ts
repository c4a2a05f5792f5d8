import { describe, expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import { toFilesFailure } from "./failures.ts";

const errnoError = (code: string) => Object.assign(new Error(code), { code });

describe("toFilesFailure", () => {
  test("explains a refusal by our ids and the entry's owner and mode", async () => {
    const failure = await toFilesFailure(errnoError("EACCES"), { verb: "read", path: "/etc/passwd" });
    const own = `${process.getuid?.()}:${process.getgid?.()}`;
    expect(failure).toBeInstanceOf(AppError);
    expect(failure).toMatchObject({
      kind: "unavailable",
      code: "FILES_FORBIDDEN",
      message: `cannot read /etc/passwd as ${own}: permission denied (owner 0:0 mode 0644)`,
      details: { path: "/etc/passwd", errno: "EACCES", ownId: own, owner: "0:0", mode: "0644" },
    });
  });

  test("explains a refused change by the folder", async () => {
    const failure = await toFilesFailure(errnoError("EPERM"), {
      verb: "rename",
      path: "/etc/passwd",
      to: "/etc/shadow",
      changesFolder: true,
    });
    expect((failure as AppError).message).toMatch(
      /^cannot rename \/etc\/passwd to \/etc\/shadow as \d+:\d+: permission denied \(folder \/etc owner 0:0 mode 0755\)$/,
    );
  });

  test("explains an entry nobody can see by the nearest folder", async () => {
    const failure = await toFilesFailure(errnoError("EACCES"), {
      verb: "read",
      path: "/etc/absent/deep/file",
    });
    expect((failure as AppError).message).toEndWith("permission denied (folder /etc owner 0:0 mode 0755)");
  });

  test("leaves bugs and failures that have a name already as they are", async () => {
    for (const thrown of [
      new TypeError("bug"),
      errnoError("EWHATEVER"),
      "text",
      new AppError("storage_full", "STORAGE_FULL", { message: "full" }),
    ]) {
      expect(await toFilesFailure(thrown, { verb: "read", path: "/" })).toBe(thrown);
    }
  });
});
