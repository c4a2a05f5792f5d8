import type { NamedSave } from "../driven/contract.ts";
import { decideMissing, refuseName, refuseSize, toStem } from "../driven/rules.ts";
import type { Direction } from "../rules.ts";
import type { SaveDirectory } from "./contract.ts";

/** A regular file in a folder of a device. */
export interface RemoteFile {
  readonly directory: SaveDirectory;
  readonly fileName: string;
  /** The name that its save has here; null when none can be made of it. */
  readonly savedName: string | null;
  /** It carries the moment that slots put into names: a copy that an older server left there. */
  readonly isTagged: boolean;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** One thing to do on a device. */
export type Step =
  /** Fetch the file and compare; without a save the rom takes a new one. */
  | {
      readonly kind: "compare";
      readonly file: RemoteFile;
      readonly saved: NamedSave | null;
      readonly romId: number | null;
    }
  /** Bring a save that the device does not have. */
  | { readonly kind: "bring"; readonly saved: NamedSave; readonly path: string; readonly reason: string }
  | { readonly kind: "skip"; readonly fileName: string; readonly reason: string };

/** What is known of one platform when its part of the work is laid out. */
export interface PlatformSight {
  /** Its folders on the device, in the order of the settings. */
  readonly directories: readonly SaveDirectory[];
  readonly files: readonly RemoteFile[];
  /** False when one of the folders could not be read: then nothing counts as absent. */
  readonly isComplete: boolean;
  readonly named: ReadonlyMap<string, NamedSave>;
  readonly romIdOfStem: ReadonlyMap<string, number>;
  readonly bytesMax: number;
  readonly direction: Direction;
}

/** Where a file is on the device. */
export function toRemotePath({ path }: SaveDirectory, fileName: string): string {
  return path === "/" ? `/${fileName}` : `${path}/${fileName}`;
}

/** What we put beside a file before its bytes change. */
export const BACKUP_SUFFIX = ".bak";
const OWN_PARTIAL = /^\.multitap-[0-9a-f]{16}\.partial$/;

/** Tells temporary files of ours on a device. */
export function isOwnPartial(fileName: string): boolean {
  return OWN_PARTIAL.test(fileName);
}

/** Tells whether a file is none of those that a folder is synced for; of these nobody needs to be told. */
export function isForeign(fileName: string, { extension }: SaveDirectory): boolean {
  if (isOwnPartial(fileName) || fileName.endsWith(BACKUP_SUFFIX)) return true;
  return extension !== null && !fileName.endsWith(extension);
}

/**
 * Lays out what is to be done for one platform.
 * @param claimed Paths that other platforms of the device have to do with, which may share a folder; grows.
 */
export function planPlatform(sight: PlatformSight, claimed: Set<string>): readonly Step[] {
  const present = new Set<string>();
  const steps: Step[] = [];
  // Of several files that go by one name, the one that is called so counts.
  const byFit = sight.files.toSorted(
    (a, b) => Number(b.fileName === b.savedName) - Number(a.fileName === a.savedName),
  );
  for (const file of byFit) {
    if (isForeign(file.fileName, file.directory)) continue;
    steps.push(planFile(sight, { file, claimed, present }));
  }
  if (sight.isComplete) {
    for (const saved of sight.named.values()) {
      if (!present.has(saved.name)) steps.push(...planAbsent(sight, saved, claimed));
    }
  }
  return steps;
}

interface Place {
  readonly file: RemoteFile;
  readonly claimed: Set<string>;
  readonly present: Set<string>;
}

function planFile(sight: PlatformSight, { file, claimed, present }: Place): Step {
  const { fileName, savedName, directory } = file;
  const skip = (reason: string): Step => ({ kind: "skip", fileName, reason });
  const badName = refuseName(fileName);
  if (savedName === null || badName !== null)
    return skip(badName ?? "The name cannot be that of a file here");
  if (file.isTagged) return skip("An older server left this copy");
  const path = toRemotePath(directory, fileName);
  if (present.has(savedName)) return skip("Another file of the device goes by this name");
  // Whatever becomes of it, the name is taken: nothing is put in its place.
  present.add(savedName);
  const badSize = refuseSize(file.sizeBytes, sight.bytesMax);
  if (badSize !== null) return skip(badSize);
  if (claimed.has(path)) return skip("A save of another platform goes by this name");
  const saved = sight.named.get(savedName) ?? null;
  const romId = sight.romIdOfStem.get(toStem(fileName)) ?? null;
  if (saved === null && romId === null) return skip("No rom of this platform goes by this name");
  claimed.add(path);
  return { kind: "compare", file, saved, romId };
}

function planAbsent(sight: PlatformSight, saved: NamedSave, claimed: Set<string>): readonly Step[] {
  const { name, head } = saved;
  const decision = decideMissing(saved, sight.direction);
  if (head === null || decision?.verdict !== "download") return [];
  const directory = sight.directories.find((each) => !isForeign(name, each));
  if (directory === undefined) return [];
  const refusal = refuseName(name);
  if (refusal !== null) return [{ kind: "skip", fileName: name, reason: refusal }];
  const path = toRemotePath(directory, name);
  if (claimed.has(path)) {
    return [{ kind: "skip", fileName: name, reason: "A save of another platform goes by this name" }];
  }
  claimed.add(path);
  return [{ kind: "bring", saved, path, reason: decision.reason }];
}
