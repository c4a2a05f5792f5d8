import type { Instant } from "../auth/types.ts";

/** The version that a save of this device came from, or became. */
export interface Lane {
  readonly romId: number;
  readonly kind: "save" | "state";
  readonly slot: string | null;
  /** What the server's versions are called; the file here may have another name. */
  readonly name: string;
  readonly isBundle: boolean;
  readonly versionId: number;
  /** A hash by which the server knows the version. */
  readonly remoteHash: string;
  /** Content hash of what was here then; another one where names differ here. */
  readonly localHash: string;
  readonly updatedAt: Instant;
}

/** A decision that was begun: the server's version is to come back on top of the one of this device. */
export interface Pending {
  /** The server's version, buried by the one of this device. */
  readonly versionId: number;
  readonly conflictId: number | null;
  /** Content hash of what was here; with something else the decision is void. */
  readonly localHash: string;
}

/** A content hash that need not be found out again. */
export interface KnownHash {
  /** Names, sizes and times of all entries. */
  readonly signature: string;
  readonly hash: string;
}

/**
 * What a device remembers between runs, by the keys of its store. Only comfort depends on it: without it names are
 * paired anew, everything is read once, and nothing is lost.
 */
export interface Memory {
  readonly lanes: Readonly<Record<string, Lane>>;
  readonly pending: Readonly<Record<string, Pending>>;
  readonly hashes: Readonly<Record<string, KnownHash>>;
}

/** What a device remembers that never synced. */
export const emptyMemory = () => ({ lanes: {}, pending: {}, hashes: {} });

/** Whom a memory is about: what was remembered of another server or device means nothing. */
export interface MemoryOwner {
  readonly url: string;
  readonly deviceId: string;
}

const VERSION = 1;

/** Writes a memory as the text that a store keeps. */
export function formatMemory(memory: Memory, { url, deviceId }: MemoryOwner): string {
  return JSON.stringify({ version: VERSION, url, deviceId, ...memory });
}

/** Reads a stored memory; empty when it is somebody else's, of another version, or damaged. */
export function parseMemory(text: string | null, { url, deviceId }: MemoryOwner): Memory {
  const stored = text === null ? null : parseObject(text);
  if (stored?.version !== VERSION || stored.url !== url || stored.deviceId !== deviceId) return emptyMemory();
  return {
    lanes: readTable(stored.lanes, ["romId", "versionId", "name", "remoteHash", "localHash", "updatedAt"]),
    pending: readTable(stored.pending, ["versionId", "localHash"]),
    hashes: readTable(stored.hashes, ["signature", "hash"]),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Rows that lack a field are left out; the text was ours, so what is there has its type. */
function readTable<T>(table: unknown, fields: readonly (keyof T & string)[]): Readonly<Record<string, T>> {
  if (!isObject(table)) return {};
  const rows = Object.entries(table).filter(
    ([, row]) => isObject(row) && fields.every((field) => field in row),
  );
  return Object.fromEntries(rows) as Record<string, T>;
}
