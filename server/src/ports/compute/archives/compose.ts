import type { Hashes } from "@multitap/native/hash";
import { createDigests, type Digests } from "../digests.ts";
import { HASH_BUFFER_BYTES } from "../limits.ts";
import { type ArchiveContext, type ArchiveMember, refuse } from "./archive.ts";
import { toStoredName } from "./member-names.ts";
import { createSpool, type Spool } from "./spool.ts";

/** A member with its digests. */
export interface DigestedMember extends Hashes {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Puts members that arrive in any order into one digest of a given order. */
export interface Composer {
  /** Starts a member; gives what takes its bytes. */
  begin(index: number, member: ArchiveMember): (bytes: Uint8Array) => void;
  /** Ends the member, and takes those that waited for it. @throws ArchiveRefusal for a wrong checksum. */
  end(): Promise<void>;
  /** Gives the digest of all, and the members in its order. */
  finish(): { readonly whole: Digests; readonly members: readonly DigestedMember[] };
  close(): void;
}

interface Waiting {
  readonly start: number;
  readonly end: number;
}

interface Current {
  readonly rank: number;
  readonly member: ArchiveMember;
  readonly own: Digests;
  readonly isWaiting: boolean;
  readonly start: number;
}

interface Composing {
  readonly context: ArchiveContext;
  readonly spool: Spool;
  /** Those that arrived before their turn, by their place in the order. */
  readonly waiting: Map<number, Waiting>;
  readonly members: DigestedMember[];
  current: Current | null;
  /** Digest of those whose turn is over; null before the first, whose own digest becomes it. */
  whole: Digests | null;
  next: number;
}

/**
 * Creates a composer.
 * @param order Indexes in the order of the digest; null when members arrive in it.
 */
export function createComposer(order: readonly number[] | null, context: ArchiveContext): Composer {
  const ranks = order === null ? null : new Map(order.map((index, rank) => [index, rank]));
  const state: Composing = {
    context,
    spool: createSpool(context),
    waiting: new Map(),
    members: [],
    current: null,
    whole: null,
    next: 0,
  };
  return {
    begin(index, member) {
      const rank = ranks?.get(index) ?? state.next;
      const isWaiting = rank !== state.next;
      const own = createDigests();
      state.current = { rank, member, own, isWaiting, start: state.spool.sizeBytes };
      if (isWaiting) {
        return (bytes) => {
          own.update(bytes);
          state.spool.append(bytes);
        };
      }
      const { whole } = state;
      if (whole === null) return (bytes) => own.update(bytes);
      return (bytes) => {
        own.update(bytes);
        whole.update(bytes);
      };
    },
    end: () => endMember(state),
    finish: () => ({ whole: state.whole ?? createDigests(), members: state.members }),
    close: () => state.spool.close(),
  };
}

async function endMember(state: Composing): Promise<void> {
  const { current } = state;
  if (current === null) return;
  state.current = null;
  const { rank, member, own } = current;
  checkMember(member, own);
  const { sizeBytes } = own;
  if (current.isWaiting) state.waiting.set(rank, { start: current.start, end: state.spool.sizeBytes });
  else {
    state.whole ??= own.fork();
    state.next += 1;
  }
  state.members[rank] = { name: toStoredName(member.name), sizeBytes, ...own.finish() };
  await takeWaiting(state);
}

/** What was read has to be what the archive's own checksum says; readers check only what they unpack themselves. */
export function checkMember(member: ArchiveMember, own: Digests): void {
  if (member.crc32 !== null && member.crc32 !== own.crc32)
    refuse("damaged", "has a member with a wrong checksum");
}

async function takeWaiting(state: Composing): Promise<void> {
  for (;;) {
    const range = state.waiting.get(state.next);
    if (range === undefined) return;
    state.waiting.delete(state.next);
    state.next += 1;
    state.whole ??= createDigests();
    for (let at = range.start; at < range.end; at += HASH_BUFFER_BYTES) {
      await state.context.checkpoint();
      state.whole.update(state.spool.read(at, Math.min(at + HASH_BUFFER_BYTES, range.end)));
    }
  }
}
