import { describe, expect, test } from "bun:test";
import { createByteProgress, formatByteBar } from "./byte-progress.ts";
import { createTerminal } from "./terminal.ts";

/** A progress over a terminal that keeps what it shows, at moments that the test names. */
function createShown(options: { isTTY: boolean; isQuiet?: boolean }) {
  let text = "";
  let nowMs = 0;
  const stderr = { write: (part: string) => (text += part), isTTY: options.isTTY, columns: 60 };
  const terminal = createTerminal({ stdout: stderr, stderr });
  const progress = createByteProgress(terminal, { isQuiet: options.isQuiet ?? false, now: () => nowMs });
  return {
    progress,
    at(ms: number, doneBytes: number): string {
      nowMs = ms;
      text = "";
      progress.show({ label: "hashing a.iso", doneBytes, totalBytes: 1 << 30 });
      return text;
    },
  };
}

describe("createByteProgress", () => {
  test("draws a bar on a terminal, and nothing for work that is over at once", () => {
    const { at, progress } = createShown({ isTTY: true });
    expect(at(50, 1 << 20)).toBe("");
    expect(at(150, 1 << 29)).toEndWith("[##########----------] hashing a.iso: 512 MB of 1 GB");
    expect(at(200, 1 << 29)).toBe("");
    progress.end();
    expect(at(300, 1 << 30)).toContain("[####################]");
  });

  test("writes a line every few seconds where there is no terminal", () => {
    const { at } = createShown({ isTTY: false });
    expect([at(1_000, 1), at(5_000, 1 << 20), at(6_000, 2), at(10_000, 1 << 21)]).toEqual([
      "",
      "hashing a.iso: 1 MB of 1 GB\n",
      "",
      "hashing a.iso: 2 MB of 1 GB\n",
    ]);
  });

  test("shows nothing where it has to be quiet", () => {
    const { at } = createShown({ isTTY: true, isQuiet: true });
    expect(at(60_000, 1)).toBe("");
  });
});

describe("formatByteBar", () => {
  test("is cut to the width, and full for nothing to do", () => {
    expect(formatByteBar({ label: "x".repeat(50), doneBytes: 0, totalBytes: 1 }, 40)).toHaveLength(39);
    expect(formatByteBar({ label: "x", doneBytes: 0, totalBytes: 0 }, 40)).toStartWith(`[${"#".repeat(20)}]`);
  });
});
