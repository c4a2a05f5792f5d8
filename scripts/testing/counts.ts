/** How many tests a run of `bun test` reported. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

function lastNumber(output: string, word: string): number | null {
  const found = [...output.matchAll(new RegExp(`^ (\\d+) ${word}$`, "gm"))].at(-1)?.[1];
  return found === undefined ? null : Number(found);
}

/**
 * Reads the counts from the end of what `bun test` printed, without colours; null when it never came to
 * print them.
 */
export function parseTestCounts(output: string): TestCounts | null {
  const passed = lastNumber(output, "pass");
  const failed = lastNumber(output, "fail");
  if (passed === null || failed === null) return null;
  return { passed, failed, skipped: lastNumber(output, "skip") ?? 0 };
}

/**
 * Adds what the counts cannot tell: a run that ended badly without a failed test, or without any counts,
 * has one failure.
 */
export function judgeTestRun(output: string, exitCode: number): TestCounts {
  const counts = parseTestCounts(output) ?? { passed: 0, failed: 0, skipped: 0 };
  const isSilentFailure = exitCode !== 0 && counts.failed === 0;
  return isSilentFailure ? { ...counts, failed: 1 } : counts;
}
