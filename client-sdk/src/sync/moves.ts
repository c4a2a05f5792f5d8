import type { StoredVersion } from "@multitap/server/contract/sync/versions";
import type { CallOptions } from "../options.ts";
import type { ByteSource } from "../transfers/types.ts";
import { contentHashOf, type SaveFile } from "./content-hash.ts";
import { bundleUnsafe, bytesDiffer, localChanged } from "./errors.ts";
import { readFiles } from "./listing.ts";
import type { HashedSave } from "./reconcile.ts";
import type { RunEffect } from "./run-step.ts";
import type { SyncServer } from "./server.ts";
import type { RemoteSave, SaveStore } from "./types.ts";
import type { ZipEntry } from "./zip.ts";

/** What moving bytes needs. */
export interface MoveScene {
  readonly store: SaveStore;
  readonly server: SyncServer;
  readonly sessionId: number | null;
  readonly call: CallOptions & { readonly signal: AbortSignal };
  onProgress(loadedBytes: number, totalBytes: number): void;
}

type UploadEffect = Extract<RunEffect, { readonly type: "upload" }>;

/**
 * Sends a save as it was planned.
 * @throws MultitapError `conflict` when it, or what it goes on top of, changed since.
 */
export async function uploadSave(scene: MoveScene, { task, isForced }: UploadEffect): Promise<StoredVersion> {
  const { server, sessionId, call, onProgress } = scene;
  const { local, version, remote } = task;
  const files = await readUnchanged(scene, local);
  const bytes = version.isBundle ? (await import("./zip.ts")).writeZip(files) : toWhole(files);
  onProgress(0, bytes.length);
  const romId = task.kind === "upload" ? task.romId : task.remote.romId;
  const { kind, slot } = local.save;
  const draft = {
    ...version,
    romId,
    kind,
    slot,
    emulator: remote?.emulator ?? null,
    basedOn: remote?.id ?? null,
    isForced,
    sessionId,
  };
  const stored = await server.store(draft, bytes, call);
  onProgress(bytes.length, bytes.length);
  return stored;
}

function toWhole([file]: readonly SaveFile[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(file?.bytes ?? []);
}

/** The bytes of a save, which are those that were planned with. */
async function readUnchanged({ store, call }: MoveScene, { save, hash }: HashedSave) {
  const files = await readFiles(store, save, call.signal);
  if ((await contentHashOf(files)) !== hash) throw localChanged(save.key);
  return files;
}

/**
 * Brings a version to its place, and makes certain that the place has it.
 * @returns The content hash of what is there.
 * @throws MultitapError `conflict` when something else is there than was planned with.
 */
export async function downloadSave(
  scene: MoveScene,
  {
    key,
    remote,
    local,
  }: { readonly key: string; readonly remote: RemoteSave; readonly local: HashedSave | null },
): Promise<string> {
  const { store, server, sessionId, call, onProgress } = scene;
  onProgress(0, remote.sizeBytes);
  const bytes = await server.read(remote, {
    sessionId,
    options: call,
    onProgress: (loadedBytes) => onProgress(loadedBytes, remote.sizeBytes),
  });
  const files = remote.isBundle ? await unpack(remote, bytes) : [toFile(remote, bytes)];
  const entries = files.map((file) => ({
    path: file.path,
    bytes: toSource(file),
    modifiedAt: new Date(file.modifiedAtMs).toISOString(),
  }));
  const written = await store.write(key, entries, local?.hash ?? null);
  const there = await readFiles(store, written, call.signal);
  if (!holdsSame(files, there)) throw bytesDiffer(key);
  return await contentHashOf(there);
}

function toFile({ name, updatedAt }: RemoteSave, bytes: Uint8Array): ZipEntry {
  return { path: name, bytes, modifiedAtMs: Date.parse(updatedAt) };
}

/** An archive may come from anybody: no name in it may lead out of its place. */
async function unpack({ fileName }: RemoteSave, bytes: Uint8Array): Promise<readonly ZipEntry[]> {
  const { readZip } = await import("./zip.ts");
  const files = await readZip(bytes);
  const isSafe = files?.every(({ path }) => isSafePath(path)) === true;
  const paths = new Set(files?.map(({ path }) => path));
  if (files === null || files.length === 0 || !isSafe || paths.size < files.length)
    throw bundleUnsafe(fileName);
  return files;
}

/** Tells whether a path of an entry stays below its save, on every system. */
export function isSafePath(path: string): boolean {
  if (path === "" || path.length > 1_000 || /[\\:\p{Cc}]/u.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function toSource({ path, bytes, modifiedAtMs }: ZipEntry): ByteSource {
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    sizeBytes: bytes.length,
    modifiedAt: new Date(modifiedAtMs).toISOString(),
    read: async (start, end) => bytes.slice(start, end),
  };
}

/** Names may differ on this device; the bytes may not. */
function holdsSame(sent: readonly SaveFile[], there: readonly SaveFile[]): boolean {
  if (sent.length !== there.length) return false;
  const left = [...there];
  return sent.every(({ bytes }) => {
    const at = left.findIndex((file) => isSame(file.bytes, bytes));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/**
 * Takes a save away that the server has no longer, as it was planned.
 * @throws MultitapError `conflict` when it changed since.
 */
export async function trashSave(scene: MoveScene, local: HashedSave): Promise<void> {
  await readUnchanged(scene, local);
  await scene.store.trash(local.save.key);
}
