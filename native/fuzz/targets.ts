import { createHeaderTarget, createMapTarget } from "./chd-target.ts";
import { codecNames, createCodecTarget } from "./codec-target.ts";
import { createRahashTarget } from "./rahash-target.ts";
import type { FuzzTarget } from "./target.ts";

/** All targets by name. */
export const targets: ReadonlyMap<string, () => FuzzTarget> = new Map<string, () => FuzzTarget>([
  ["header", createHeaderTarget],
  ["map", createMapTarget],
  ...codecNames.map((name) => [name, () => createCodecTarget(name)] as const),
  ["rahash", createRahashTarget],
]);
