import { compareByCodePoint } from "../../../base/code-point-order.ts";
import { createDigests, type Digests } from "../digests.ts";
import {
  type ArchiveContext,
  type ArchiveMember,
  type ArchivePart,
  type ListedArchive,
  refuse,
  type StreamedArchive,
} from "./archive.ts";
import { type Composer, checkMember, createComposer, type DigestedMember } from "./compose.ts";
import { baseNameOf, isMemberExcluded } from "./member-names.ts";
import type { Spool } from "./spool.ts";

/** Takes a copy of the largest member, for a hash that has rules of its own. */
export interface Capture {
  readonly spool: Spool;
  /** The member's name without folders; null as long as there is no whole copy. */
  name: string | null;
}

/** What hashing members needs. */
export interface MemberWork {
  readonly context: ArchiveContext;
  /** Counts unpacked bytes, for the progress. */
  addBytes(count: number): void;
  readonly capture: Capture | null;
}

/** The digest of all members that count, sorted by name, and theirs. */
export interface Composite {
  readonly whole: Digests;
  readonly members: readonly DigestedMember[];
}

const counts = (member: ArchiveMember): boolean => member.isRegular && !isMemberExcluded(member.name);

/**
 * Hashes all members that count as one file, sorted by name.
 * @throws ArchiveRefusal also when none does.
 */
export async function hashAllMembers(
  archive: ListedArchive | StreamedArchive,
  work: MemberWork,
): Promise<Composite> {
  if (archive.kind === "streamed") return await hashStreamed(archive, work);
  const { members, isRandomAccess } = archive;
  const order = sortByName(
    [...members.keys()].filter((index) => counts(memberAt(members, index))),
    members,
  );
  if (order.length === 0) return refuse("empty", "holds no files that count");
  const stored = order.toSorted((one, other) => one - other);
  const isInOrder = isRandomAccess || stored.every((index, place) => index === order[place]);
  const largest = findLargest(members);
  const composer = createComposer(isInOrder ? null : order, work.context);
  return await compose(archive.read(isInOrder ? order : stored), composer, {
    ...work,
    isCaptured: (index) => index === largest,
  });
}

interface Composing extends MemberWork {
  isCaptured(index: number): boolean;
}

async function compose(
  parts: AsyncIterable<ArchivePart>,
  composer: Composer,
  work: Composing,
): Promise<Composite> {
  const { context, addBytes, capture } = work;
  try {
    let take: (bytes: Uint8Array) => void = () => undefined;
    let captured: string | null = null;
    for await (const part of parts) {
      if (part.kind === "member") {
        take = composer.begin(part.index, part.member);
        captured = capture !== null && work.isCaptured(part.index) ? baseNameOf(part.member.name) : null;
      } else if (part.kind === "bytes") {
        take(part.bytes);
        if (captured !== null) capture?.spool.append(part.bytes);
        addBytes(part.bytes.length);
        await context.checkpoint();
      } else {
        await composer.end();
        if (capture !== null && captured !== null) capture.name = captured;
      }
    }
    return composer.finish();
  } finally {
    composer.close();
  }
}

/** Hopes that members are stored in their order, and reads a second time when they are not. */
async function hashStreamed(archive: StreamedArchive, work: MemberWork): Promise<Composite> {
  const members: ArchiveMember[] = [];
  let isInOrder = true;
  const parts = archive.read((member) => {
    if (!counts(member)) return false;
    const last = members.at(-1);
    members.push(member);
    if (last !== undefined && compareByCodePoint(last.name, member.name) > 0) isInOrder = false;
    // From there on only the names are wanted: what is hashed now is in the wrong order.
    return isInOrder;
  });
  const composer = createComposer(null, work.context);
  const first = await compose(parts, composer, { ...work, capture: null, isCaptured: () => false });
  if (members.length === 0) return refuse("empty", "holds no files that count");
  if (isInOrder) return first;
  const order = sortByName([...members.keys()], members);
  const again = archive.read(counts);
  // An index counts all members of the archive, and the order only those that count.
  return await compose(renumber(again), createComposer(order, work.context), {
    ...work,
    capture: null,
    isCaptured: () => false,
  });
}

async function* renumber(parts: AsyncIterable<ArchivePart>): AsyncGenerator<ArchivePart> {
  let index = 0;
  for await (const part of parts) {
    if (part.kind !== "member") yield part;
    else {
      yield { ...part, index };
      index += 1;
    }
  }
}

function sortByName(indexes: number[], members: readonly ArchiveMember[]): number[] {
  return indexes.sort(
    (one, other) =>
      compareByCodePoint(memberAt(members, one).name, memberAt(members, other).name) || one - other,
  );
}

function memberAt(members: readonly ArchiveMember[], index: number): ArchiveMember {
  return members[index] ?? refuse("damaged", `holds no member ${index}`);
}

function findLargest(members: readonly ArchiveMember[]): number | null {
  let largest: number | null = null;
  for (const [index, member] of members.entries()) {
    if (!member.isRegular) continue;
    if (largest === null || member.sizeBytes > memberAt(members, largest).sizeBytes) largest = index;
  }
  return largest;
}

/** Takes the largest member; a larger one that comes later makes it start over. */
export interface LargestTaker {
  begin(member: ArchiveMember): void;
  take(bytes: Uint8Array): void;
  end(): void;
}

/**
 * Reads the largest member, of equals the first.
 * @throws ArchiveRefusal also when there is none.
 */
export async function readLargestMember(
  archive: ListedArchive | StreamedArchive,
  taker: LargestTaker,
  { context, addBytes }: Pick<MemberWork, "context" | "addBytes">,
): Promise<void> {
  let count = 0;
  for await (const part of readCandidates(archive)) {
    if (part.kind === "member") {
      count += 1;
      taker.begin(part.member);
    } else if (part.kind === "end") taker.end();
    else {
      taker.take(part.bytes);
      addBytes(part.bytes.length);
      await context.checkpoint();
    }
  }
  if (count === 0) refuse("empty", "holds no files");
}

/** A tar tells only at its end which member is the largest, so each that is larger than those before is read. */
function readCandidates(archive: ListedArchive | StreamedArchive): AsyncGenerator<ArchivePart> {
  if (archive.kind === "listed") {
    const largest = findLargest(archive.members);
    return archive.read(largest === null ? [] : [largest]);
  }
  let largestBytes = -1;
  return archive.read((member) => {
    if (!member.isRegular || member.sizeBytes <= largestBytes) return false;
    largestBytes = member.sizeBytes;
    return true;
  });
}

/**
 * Hashes the largest member.
 * @param whole Digests that go on with the member's bytes; null for none.
 * @throws ArchiveRefusal
 */
export async function hashLargestMember(
  archive: ListedArchive | StreamedArchive,
  whole: Digests | null,
  work: MemberWork,
): Promise<{ readonly own: Digests; readonly whole: Digests | null }> {
  const { capture } = work;
  let own = createDigests();
  let ahead = whole;
  let current: ArchiveMember | null = null;
  const taker: LargestTaker = {
    begin(member) {
      current = member;
      own = createDigests();
      ahead = whole?.fork() ?? null;
      capture?.spool.clear();
    },
    take(bytes) {
      own.update(bytes);
      ahead?.update(bytes);
      capture?.spool.append(bytes);
    },
    end() {
      if (current === null) return;
      checkMember(current, own);
      if (capture !== null) capture.name = baseNameOf(current.name);
    },
  };
  await readLargestMember(archive, taker, work);
  return { own, whole: ahead };
}
