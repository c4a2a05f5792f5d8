import {
  LIBRARY_CONFIG_BYTES_MAX,
  type LibraryConfig,
  parseLibraryConfig,
} from "../../base/library-config.ts";
import type { Files } from "../files/port.ts";
import type { Log } from "../log/port.ts";
import type { Settings } from "./port.ts";

/** How long a look at the file's time stamp is believed, in milliseconds. */
const RECHECK_MS = 500;

interface Loaded {
  readonly stamp: string;
  readonly config: LibraryConfig;
  readonly problem: string | null;
}

export interface FileSettingsOptions {
  readonly path: string;
  readonly files: Files;
  readonly log: Log;
  /** How long a look at the file's time stamp is believed. */
  readonly recheckMs?: number | undefined;
}

/** Settings from `config.yml`, read again when the file's size or time changed. */
export function createFileSettings(options: FileSettingsOptions): Settings {
  const recheckMs = options.recheckMs ?? RECHECK_MS;
  let loaded: Loaded | null = null;
  let checkedAtMs = 0;
  const load = async (): Promise<Loaded> => {
    if (loaded !== null && performance.now() - checkedAtMs < recheckMs) return loaded;
    checkedAtMs = performance.now();
    const next = await readIfChanged(options, loaded);
    if (next.problem !== null && next.problem !== loaded?.problem) {
      options.log.warn("config.yml is only partly used", { problem: next.problem });
    }
    loaded = next;
    return next;
  };
  return {
    read: async () => (await load()).config,
    problem: async () => (await load()).problem,
  };
}

async function readIfChanged(options: FileSettingsOptions, loaded: Loaded | null): Promise<Loaded> {
  try {
    const facts = await options.files.find(options.path);
    const stamp = facts === null ? "absent" : `${facts.sizeBytes}:${facts.modifiedAtMs}`;
    if (loaded?.stamp === stamp) return loaded;
    const text =
      facts === null
        ? ""
        : await options.files.readText(options.path, { maxBytes: LIBRARY_CONFIG_BYTES_MAX });
    return { stamp, ...parseLibraryConfig(text) };
  } catch (cause) {
    // An unreadable file must not stop a running server: what was read last stays in force.
    const problem = cause instanceof Error ? cause.message : String(cause);
    return { stamp: "unreadable", config: loaded?.config ?? parseLibraryConfig("").config, problem };
  }
}
