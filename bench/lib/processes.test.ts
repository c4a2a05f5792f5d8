import { describe, expect, test } from "bun:test";
import { findInTree, listTree, listTreeMemory, readCpuMs, readRssBytes } from "./processes.ts";

/** A process of its own, with a child of its own, until `work` is done. */
async function withTree(work: (pid: number) => void): Promise<void> {
  const parent = Bun.spawn(["/bin/sh", "-c", "echo ready; sleep 60 & wait"], { stdout: "pipe" });
  const tree = () => listTree(parent.pid);
  try {
    await parent.stdout.getReader().read();
    while (tree().length < 2) await Bun.sleep(5);
    work(parent.pid);
  } finally {
    for (const pid of [...tree()].reverse()) process.kill(pid, "SIGKILL");
    await parent.exited;
  }
}

const isLinux = process.platform === "linux";

describe.skipIf(!isLinux)("a tree of processes (needs /proc)", () => {
  test("lists a process first and then what it started", async () => {
    await withTree((pid) => {
      expect(listTree(pid)[0]).toBe(pid);
      expect(listTree(pid)).toHaveLength(2);
    });
  });
  test("finds the child by a word of its command line", async () => {
    await withTree((pid) => {
      expect(findInTree(pid, "60")).toBe(listTree(pid)[1] ?? 0);
      expect(findInTree(pid, "no such word")).toBeNull();
    });
  });
  test("knows the memory of every process in it", async () => {
    await withTree((pid) => {
      const memory = listTreeMemory(pid);
      expect(memory.map((each) => each.pid)).toEqual([...listTree(pid)]);
      for (const { pssBytes } of memory) expect(pssBytes).toBeGreaterThan(0);
    });
  });
});

test.skipIf(!isLinux)("this process has used CPU time and memory (needs /proc)", () => {
  const deadlineMs = performance.now() + 2_000;
  // The kernel counts in steps of 10 ms, which a young process may not have reached.
  while (readCpuMs(process.pid) === 0 && performance.now() < deadlineMs);
  expect(readCpuMs(process.pid)).toBeGreaterThan(0);
  expect(readRssBytes(process.pid)).toBeGreaterThan(1_000_000);
});

test("a process that is gone has used nothing", () => {
  expect(readCpuMs(2 ** 30)).toBe(0);
  expect(readRssBytes(2 ** 30)).toBe(0);
});
