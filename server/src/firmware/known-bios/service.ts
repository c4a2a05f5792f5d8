import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import { perPorts } from "../../base/per-ports.ts";
import { KNOWN_BIOS_BYTES_MAX, KNOWN_BIOS_PROBLEM_CHARS_MAX } from "../limits.ts";
import type { KnownBiosTable } from "./contract.ts";
import { parseKnownBios } from "./rules.ts";

type Scene = Pick<Context, "ports" | "facts">;

/** What was read last, and of which file. */
interface Loaded {
  readonly stamp: string;
  readonly table: KnownBiosTable;
}

const NOTHING_KNOWN: KnownBiosTable = new Map();
const loadedOf = perPorts((): { last: Loaded | null } => ({ last: null }));

/**
 * The operator's table of known system files, `config/known-bios.json` below the base folder; empty when there is
 * none. Read again when the file changed. One that cannot be used is told to the log once and counts as none.
 */
export async function readKnownBios(ctx: Scene): Promise<KnownBiosTable> {
  const state = loadedOf(ctx.ports);
  const path = join(ctx.facts.basePath, "config", "known-bios.json");
  const { last } = state;
  const next = await readIfChanged(ctx, path, last);
  state.last = next;
  return next.table;
}

async function readIfChanged({ ports }: Scene, path: string, last: Loaded | null): Promise<Loaded> {
  const refuse = (stamp: string, problem: string, error?: unknown): Loaded => {
    if (stamp !== last?.stamp) {
      const why = problem.slice(0, KNOWN_BIOS_PROBLEM_CHARS_MAX);
      ports.log.warn("the table of known firmware is not used", { path, problem: why, error });
    }
    return { stamp, table: NOTHING_KNOWN };
  };
  let stamp = "unreadable";
  try {
    const facts = await ports.files.find(path);
    if (facts === null) return { stamp: "absent", table: NOTHING_KNOWN };
    stamp = `${facts.sizeBytes}:${facts.modifiedAtMs}:${facts.inode}`;
    if (last?.stamp === stamp) return last;
    const parsed = parseKnownBios(await ports.files.readText(path, { maxBytes: KNOWN_BIOS_BYTES_MAX }));
    return "table" in parsed ? { stamp, table: parsed.table } : refuse(stamp, parsed.problem);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return refuse(stamp, error.message, error);
  }
}
