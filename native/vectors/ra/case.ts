import { ascii } from "./bytes.ts";
import type { TrackMode } from "./cd-sectors.ts";
import { createRandom, type Random } from "./random.ts";

/** Bytes, or a function that makes them, for those that are large. */
export type CaseFile = Uint8Array | (() => Uint8Array);

/** One input. */
export interface RaCase {
  readonly id: string;
  /** RetroAchievements id of the console; 0 where it is to be guessed. */
  readonly consoleId: number;
  /** `detect` tries every console that the extension suggests. */
  readonly mode: "hash" | "detect";
  /** Path of the file to hash. */
  readonly entry: string;
  readonly files: { readonly [path: string]: CaseFile };
}

/** All inputs rest on it: another salt gives other bytes and other hashes. */
const SALT = "multitap-native-1";

/** Gives the generator of an input. */
export const seeded = (id: string): Random => createRandom(`${SALT}:${id}`);

/** Gives an input of one file. */
export const single = (
  id: string,
  consoleId: number,
  ...[entry, data]: readonly [name: string, data: CaseFile]
): RaCase => ({ id, consoleId, mode: "hash", entry, files: { [entry]: data } });

/** Gives an input of several files. */
export const several = (
  id: string,
  start: { readonly consoleId: number; readonly entry: string },
  files: RaCase["files"],
): RaCase => ({ id, ...start, mode: "hash", files });

/** Gives a cue sheet of one track. */
export const oneTrackSheet = (file: string, mode: TrackMode | "AUDIO"): Uint8Array =>
  ascii(`FILE "${file}" BINARY\n  TRACK 01 ${mode}\n    INDEX 01 00:00:00\n`);
