import { BenchError } from "./bench-error.ts";

/** Reads a whole number of a command line. */
export function parseCount(name: string, text: string, [least, most]: readonly [number, number]): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BenchError(`--${name} ${text}: a whole number from ${least} to ${most} is accepted`);
}
