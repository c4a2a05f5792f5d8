import type { ArchiveContext, ArchiveFile, ArchiveMember, ArchivePart, ListedArchive } from "./archive.ts";
import { refuse } from "./archive.ts";
import { listBySevenZip } from "./seven-zip-listing.ts";
import { runSevenZip, type SevenZipRun } from "./seven-zip-process.ts";
import { createUnpackGuard, type UnpackGuard } from "./unpack-guard.ts";

/** The formats with members that 7-Zip reads for us. */
export type SevenZipArchiveType = Extract<SevenZipRun["type"], "7z" | "rar" | "rar5" | "zip">;

/**
 * Opens an archive by having 7-Zip list it.
 * @throws ArchiveRefusal
 */
export async function openBySevenZip(
  file: ArchiveFile,
  type: SevenZipArchiveType,
  context: ArchiveContext,
): Promise<ListedArchive> {
  const archive = { type, path: file.path };
  const members = await listBySevenZip(archive, context);
  return {
    kind: "listed",
    members,
    isRandomAccess: false,
    async *read(indexes) {
      const guard = createUnpackGuard(file.sizeBytes);
      const wanted = new Set(indexes);
      const last = indexes.at(-1) ?? -1;
      // A solid archive unpacks what comes before as well, so this counts, too.
      guard.declare(members.slice(0, last + 1).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
      if (indexes.some((index) => members[index]?.isEncrypted)) refuse("encrypted", "is encrypted");
      const pieces = runSevenZip({ command: "x", ...archive }, context);
      yield* splitMembers(pieces, { members, wanted, last, guard });
    },
  };
}

interface Splitting {
  readonly members: readonly ArchiveMember[];
  readonly wanted: ReadonlySet<number>;
  /** The last index that is wanted; what comes behind is not read. */
  readonly last: number;
  readonly guard: UnpackGuard;
}

/** Cuts what 7-Zip writes, which is every member's bytes behind one another, into the members. */
async function* splitMembers(
  pieces: AsyncGenerator<Uint8Array>,
  { members, wanted, last, guard }: Splitting,
): AsyncGenerator<ArchivePart> {
  const source = createPieceReader(pieces);
  try {
    for (let index = 0; index <= last; index += 1) {
      const member = members[index];
      if (member === undefined) break;
      const isWanted = wanted.has(index);
      if (isWanted) yield { kind: "member", index, member };
      for (let leftBytes = member.sizeBytes; leftBytes > 0; ) {
        const bytes = await source.take(leftBytes);
        if (bytes === null) return refuse("damaged", "holds less than it says");
        guard.add(bytes.length);
        leftBytes -= bytes.length;
        if (isWanted) yield { kind: "bytes", bytes };
      }
      if (isWanted) yield { kind: "end" };
    }
    // To the end, where 7-Zip says whether all checksums fit; no further when the rest is not wanted.
    if (last === members.length - 1 && (await source.take(1)) !== null)
      refuse("damaged", "holds more than it says");
  } finally {
    await pieces.return(undefined);
  }
}

function createPieceReader(pieces: AsyncGenerator<Uint8Array>) {
  let rest: Uint8Array = new Uint8Array(0);
  return {
    /** Gives the next bytes, at most so many and at least one; null at the end. */
    async take(bytesMax: number): Promise<Uint8Array | null> {
      while (rest.length === 0) {
        const next = await pieces.next();
        if (next.done === true) return null;
        rest = next.value;
      }
      const bytes = rest.subarray(0, bytesMax);
      rest = rest.subarray(bytes.length);
      return bytes;
    },
  };
}
