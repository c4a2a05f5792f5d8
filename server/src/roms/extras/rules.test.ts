import { describe, expect, test } from "bun:test";
import { isAppError } from "../../base/errors.ts";
import { checkExtraName, detectManual, EXTRA_KINDS, findUpload, listManualPaths } from "./rules.ts";

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
  return "none";
}

describe("checkExtraName", () => {
  test.each([
    ["song.mp3", "mp3"],
    ["Song.FLAC", "flac"],
    ["01 - ポケモン (日本).m4a", "m4a"],
    ["a.b.c.ogg", "ogg"],
    [`${"n".repeat(251)}.mp3`, "mp3"],
  ])("takes %p", (name, extension) => {
    expect(checkExtraName(name, EXTRA_KINDS.soundtrack)).toBe(extension);
  });

  test.each([
    "",
    ".",
    "..",
    "../a.mp3",
    "a/b.mp3",
    "/a.mp3",
    "a\\b.mp3",
    "a\0.mp3",
    "a\n.mp3",
    ".a.mp3",
    " a.mp3",
    "a.mp3 ",
    "\ud800.mp3",
    `${"n".repeat(252)}.mp3`,
    `${"ü".repeat(130)}.mp3`,
  ])("refuses the name %p", (name) => {
    expect(codeOf(() => checkExtraName(name, EXTRA_KINDS.soundtrack))).toBe("ROMS_EXTRA_NAME_INVALID");
  });

  test.each(["a", "mp3", "a.", "a.mp3.exe", "a.pdf", "a.html", "a.svg"])("refuses the sort of %p", (name) => {
    expect(codeOf(() => checkExtraName(name, EXTRA_KINDS.soundtrack))).toBe("ROMS_EXTRA_TYPE_INVALID");
  });
});

describe("findUpload", () => {
  const file = {
    fieldName: "ü.mp3",
    fileName: "x",
    contentType: "",
    sizeBytes: 1,
    content: { bytes: new Uint8Array(1) },
  };

  test("goes by the field, in any reading of the announced name", () => {
    expect(findUpload(["Ã¼.mp3", "ü.mp3"], [{ ...file, fieldName: "other" }, file])).toEqual({
      fileName: "ü.mp3",
      file,
    });
  });

  test("refuses a form without it", () => {
    expect(codeOf(() => findUpload(["x"], [file]))).toBe("ROMS_EXTRA_FILE_REQUIRED");
    expect(codeOf(() => findUpload(["x"], []))).toBe("ROMS_EXTRA_FILE_REQUIRED");
  });
});

describe("detectManual", () => {
  const cases: [string, string, string, string | null][] = [
    ["%PDF-1.4", "text/html", "http://x/y", "pdf"],
    ["junk\n%PDF-1.4", "", "http://x/y", "pdf"],
    ["# Title", "text/markdown", "http://x/y", "md"],
    ["# Title", "text/x-markdown; charset=utf-8", "http://x/y", "md"],
    ["# Title", "text/plain", "http://x/y.MD?raw=1", "md"],
    ["# Title", "text/plain", "http://x/y?file=a.md", null],
    ["<html>", "text/html", "http://x/y.md", null],
    ["a\0b", "text/markdown", "http://x/y.md", null],
    ["text", "application/pdf", "http://x/y.pdf", null],
    ["", "", "launchbox-file://x", null],
  ];
  test.each(cases)("takes %p of %p at %s for %p", (text, contentType, url, expected) => {
    expect(detectManual({ bytes: Buffer.from(text), contentType, url })).toBe(expected as never);
  });
});

describe("listManualPaths", () => {
  test.each([
    [null, 2],
    ["", 2],
    ["roms/7/3/manual/3.pdf", 2],
    ["roms/9/3/manual/3.pdf", 3],
    ["roms/9/3/manual/../../../x.pdf", 2],
    ["/etc/passwd", 2],
  ])("adds %p only if it is a manual's place", (pathManual, count) => {
    expect(listManualPaths({ platformId: 7, romId: 3, pathManual })).toHaveLength(count);
  });
});
