import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import type { ByteStream, ReceivedFile } from "../base/received-file.ts";
import { inTransaction } from "../base/transaction.ts";
import type { AssetKind, AssetPlace, StoredBytes } from "./contract.ts";
import {
  type AssetHome,
  belowAssets,
  checkEmulator,
  sanitizeFileName,
  toAssetFolder,
  toPlace,
} from "./rules.ts";
import { findKnownBytes } from "./storage/queries.ts";
import { discardBytes, storeBytes, storeStream } from "./storage/service.ts";
import type { Gate } from "./uploads/rules.ts";
import { storeVersion, type UploadedVersion } from "./uploads/service.ts";
import type { VersionKind } from "./versions/contract.ts";
import { lockSlot } from "./versions/queries.ts";

/** What a caller says of a version to be. */
export interface VersionDraft {
  readonly kind: VersionKind;
  readonly userId: number;
  readonly rom: { readonly id: number; readonly platformFsSlug: string };
  /** As it was sent. */
  readonly fileName: string;
  readonly emulator: string | null;
  readonly slot: string | null;
  /** The caller's own; null without one. */
  readonly deviceId: string | null;
  readonly isBundle: boolean;
  readonly gate: Gate;
  readonly keptMax: number | null;
  /** Somebody played it just now, which is noted beside the version. */
  readonly isPlayed?: boolean | undefined;
}

/**
 * Stores a sent file as a version of a save or a state.
 * @throws AppError `ASSETS_NAME_INVALID`, `ASSETS_EMULATOR_INVALID`, `SAVES_SLOT_NEWER`, `STORAGE_FULL`.
 */
export async function storeSentVersion(
  ctx: Context,
  draft: VersionDraft,
  file: ReceivedFile,
): Promise<UploadedVersion> {
  const { home, fileName, ...rest } = prepare(draft);
  const bytes = await storeBytes(ctx, { folder: toAssetFolder(home), fileName, file });
  return await storeVersion(ctx, { ...rest, fileName, bytes });
}

/**
 * Does the same with a body that is read as it comes in.
 * @throws AppError `SAVES_TOO_LARGE` besides.
 */
export async function storeSentStream(
  ctx: Context,
  draft: VersionDraft,
  body: ByteStream,
): Promise<UploadedVersion> {
  const { home, fileName, ...rest } = prepare(draft);
  const bytes = await storeStream(ctx, { folder: toAssetFolder(home), fileName, body });
  return await storeVersion(ctx, { ...rest, fileName, bytes });
}

/** Bytes that a user stored before: whichever are the same, or those at one place. */
export interface KnownBytes extends Pick<StoredBytes, "sha1" | "sizeBytes"> {
  readonly storedPath?: string | undefined;
}

/**
 * Does the same with bytes that this user stored before, so that they need not be sent again.
 * @throws AppError `ASSETS_BYTES_UNKNOWN` when there are none, or they are gone from disk.
 */
export async function storeKnownVersion(
  ctx: Context,
  draft: VersionDraft,
  { sha1, sizeBytes, storedPath }: KnownBytes,
): Promise<UploadedVersion> {
  const { home: _unused, ...rest } = prepare(draft);
  const { kind, userId, slot } = draft;
  // Found and named in one transaction: until it ends nothing purges these bytes.
  return await inTransaction(ctx, async (inner) => {
    // Before the row that names them is kept: whoever cleans the slot up holds the one and wants the other.
    await lockSlot(inner.db, { kind, userId, romId: draft.rom.id, slot });
    const bytes = await findKnownBytes(inner.db, { userId: draft.userId, sha1, sizeBytes, storedPath });
    if (bytes === null || !(await isOnDisk(inner, bytes))) {
      throw new AppError("not_found", "ASSETS_BYTES_UNKNOWN", { message: "The server has no such bytes" });
    }
    return await storeVersion(inner, { ...rest, bytes, areBytesShared: true });
  });
}

async function isOnDisk({ ports, facts }: Context, { storedPath, sizeBytes }: StoredBytes): Promise<boolean> {
  const found = await ports.files.find(belowAssets(facts.assetsPath, storedPath));
  return found?.kind === "file" && found.sizeBytes === sizeBytes;
}

function prepare({ rom, fileName: sentName, emulator: sentEmulator, ...draft }: VersionDraft) {
  const fileName = sanitizeFileName(sentName, draft.kind);
  const emulator = checkEmulator(sentEmulator);
  const platformFolder = rom.platformFsSlug;
  const { kind, userId } = draft;
  const home: AssetHome = { kind, userId, romId: rom.id, platformFolder, emulator };
  return { ...draft, romId: rom.id, platformFolder, fileName, emulator, home };
}

/** A sent file that lies on disk and waits for its row. */
export interface PlacedFile {
  readonly place: AssetPlace;
  readonly bytes: StoredBytes;
}

/**
 * Puts a sent file on disk that is no version; hand it to `discardPlaced` when no row takes it.
 * @throws AppError `ASSETS_NAME_INVALID`, `STORAGE_FULL`.
 */
export async function placeFile(
  ctx: Context,
  owner: Omit<AssetHome, "emulator"> & { readonly kind: AssetKind },
  file: ReceivedFile,
): Promise<PlacedFile> {
  const home = { ...owner, emulator: null };
  const fileName = sanitizeFileName(file.fileName, owner.kind);
  const bytes = await storeBytes(ctx, { folder: toAssetFolder(home), fileName, file });
  return { place: toPlace(fileName, toAssetFolder(home)), bytes };
}

/** Removes a file that no row took. */
export async function discardPlaced(ctx: Context, { bytes }: PlacedFile): Promise<void> {
  await discardBytes(ctx, bytes.storedPath);
}

/** The bytes of an asset as they are on disk now. */
export interface AssetContent {
  /** Absolute. */
  readonly path: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly sha1: string | null;
}

/** Looks for the bytes of a row; null when they are gone. */
export async function findContent(
  { ports, facts }: Pick<Context, "ports" | "facts">,
  row: { readonly storedPath: string; readonly fileName: string; readonly sha1: string },
): Promise<AssetContent | null> {
  const path = belowAssets(facts.assetsPath, row.storedPath);
  const found = await ports.files.find(path);
  if (found?.kind !== "file") return null;
  return {
    path,
    fileName: row.fileName,
    sizeBytes: found.sizeBytes,
    modifiedAtMs: found.modifiedAtMs,
    sha1: row.sha1 === "" ? null : row.sha1,
  };
}
