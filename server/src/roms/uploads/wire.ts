import type { ChunkCount, RomUpload, StartedUpload } from "./contract.ts";

/** An upload of the compatible API. */
export function toUploadWire(upload: RomUpload) {
  return {
    upload_id: upload.id,
    platform_id: upload.platformId,
    file_name: upload.fileName,
    total_size: upload.totalSizeBytes,
    total_chunks: upload.totalChunks,
    received_chunks: upload.receivedChunks,
    received_bytes: upload.receivedBytes,
    expires_at: upload.expiresAt,
  };
}

/** The answer to a start; only callers that named a SHA-1 can be told of a rom that is there. */
export function toStartedWire({ upload, present }: StartedUpload) {
  if (upload !== null) return { upload_id: upload.id };
  return { upload_id: null, rom_id: present?.romId ?? null, fs_name: present?.fsName ?? null };
}

/** How far an upload is. */
export function toChunkCountWire({ receivedCount, totalChunks }: ChunkCount) {
  return { received: receivedCount, total: totalChunks };
}
