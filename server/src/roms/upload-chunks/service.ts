import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import type { ByteStream } from "../../base/received-file.ts";
import { listChunkIndexes, measureChunks, requireUpload } from "../upload-sessions/service.ts";
import { type ChunkCount, ChunkCountSchema, StoreChunkInput } from "../uploads/contract.ts";
import {
  UPLOAD_CHUNK_BYTES_MAX,
  UPLOAD_PROLONG_MS,
  UPLOAD_TTL_MS,
  UPLOAD_WRITE_BYTES,
} from "../uploads/limits.ts";
import { prolongUpload, type UploadRow } from "../uploads/queries.ts";
import { chunksInvalid, chunkTooLarge, toChunkPath, toUploadFolder } from "../uploads/rules.ts";

/**
 * Takes one chunk of an upload: in any order, several at the same time, and again. The bytes survive the end of this
 * process once it is answered; they are made to survive a power loss when the upload is finished.
 * @throws AppError `ROMS_UPLOAD_ID_INVALID`, `ROMS_UPLOAD_NOT_FOUND`, `ROMS_UPLOAD_FOREIGN`;
 * `ROMS_UPLOAD_CHUNKS_INVALID`, `ROMS_UPLOAD_TOO_LARGE`, `ROMS_UPLOAD_CHUNK_CUT`; `STORAGE_FULL`.
 */
export const storeChunk = operation(
  {
    type: "mutation",
    scope: "roms.write",
    input: StoreChunkInput,
    output: ChunkCountSchema,
    storesNoAnswer: true,
  },
  async (ctx, { uploadId, chunkIndex, announcedBytes, body }): Promise<ChunkCount> => {
    const row = await requireUpload(ctx, uploadId);
    const { totalChunks } = row;
    if (chunkIndex >= totalChunks) {
      throw chunksInvalid(`Chunk index ${chunkIndex} is out of range: there are ${totalChunks} chunks`);
    }
    const present = (await listChunkIndexes(ctx, row)).filter((index) => index !== chunkIndex);
    const bytesMax = await findRoom(ctx, row, { present, announcedBytes });
    const { files, space } = ctx.ports;
    const folder = toUploadFolder(ctx.facts.tempPath, row.id);
    await files.createFolder(folder, { mode: 0o700 });
    const expectedBytes = announcedBytes ?? Math.min(bytesMax, UPLOAD_CHUNK_BYTES_MAX);
    await space.assertSpace(expectedBytes, { path: ctx.facts.tempPath });
    const content = announcedBytes === null ? inLargePieces(body, row, bytesMax) : body;
    try {
      const options = { isDurable: false, expectedBytes: announcedBytes ?? undefined };
      await files.writeAtomic(toChunkPath(folder, chunkIndex), content, options);
    } catch (error) {
      throw isCutOff(error) ? cutOff(error) : error;
    }
    await prolong(ctx, row);
    return { receivedCount: present.length + 1, totalChunks };
  },
);

/** The rest of an upload, and a chunk that is to join it. */
interface JoiningChunk {
  readonly present: readonly number[];
  readonly announcedBytes: number | null;
}

/**
 * How many bytes the chunk may have. Chunks usually have one size, and only when so many of this one's would be too
 * much are all of them measured: the whole may be wrong by less than that until it is finished.
 */
async function findRoom(
  ctx: Context,
  row: UploadRow,
  { present, announcedBytes }: JoiningChunk,
): Promise<number> {
  const { totalSizeBytes } = row;
  if (announcedBytes !== null) {
    if (announcedBytes > UPLOAD_CHUNK_BYTES_MAX) throw chunkTooLarge();
    if (announcedBytes * (present.length + 1) <= totalSizeBytes) return announcedBytes;
  }
  const room = totalSizeBytes - (await measureChunks(ctx, row, present));
  if (announcedBytes !== null && announcedBytes > room) throw noRoom(totalSizeBytes);
  return Math.max(0, room);
}

function noRoom(totalSizeBytes: number): AppError<"invalid"> {
  return chunksInvalid(`The chunks would have more than the ${totalSizeBytes} bytes of the file`);
}

async function prolong(ctx: Context, row: UploadRow): Promise<void> {
  const expiresAt = new Date(ctx.ports.clock.now().getTime() + UPLOAD_TTL_MS);
  if (expiresAt.getTime() - row.expiresAt.getTime() < UPLOAD_PROLONG_MS) return;
  await prolongUpload(ctx.db, row.id, expiresAt);
}

/**
 * Gathers what comes off the network, 64 KiB at a time, into writes worth their cost, and no more than there may be.
 * Each piece lies in the same memory as the one before.
 */
async function* inLargePieces(
  body: ByteStream,
  { totalSizeBytes }: UploadRow,
  bytesMax: number,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(UPLOAD_WRITE_BYTES);
  let filled = 0;
  let sizeBytes = 0;
  for await (const bytes of body) {
    sizeBytes += bytes.length;
    if (sizeBytes > UPLOAD_CHUNK_BYTES_MAX) throw chunkTooLarge();
    if (sizeBytes > bytesMax) throw noRoom(totalSizeBytes);
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(bytes.length - at, buffer.length - filled);
      buffer.set(bytes.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < buffer.length) continue;
      yield buffer;
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/** A sender that goes away is nobody's bug, and neither is one that sends less than it announced. */
function isCutOff(error: unknown): boolean {
  if (isAppError(error)) return error.code === "FILES_CHANGED";
  return error instanceof Error && error.name === "AbortError";
}

function cutOff(cause: unknown): AppError<"invalid"> {
  return new AppError("invalid", "ROMS_UPLOAD_CHUNK_CUT", {
    message: "The bytes of the chunk ended early",
    cause,
  });
}
