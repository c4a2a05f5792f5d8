import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createUuid } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { Nothing } from "../../base/schemas.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import { requireWritableLibrary } from "../../platforms/folders/service.ts";
import {
  describeUpload,
  dropUpload,
  getUploaderId,
  locateTarget,
  requireFree,
  requireOwner,
  requireUpload,
} from "../upload-sessions/service.ts";
import {
  RomUploadSchema,
  type StartedUpload,
  StartedUploadSchema,
  type StartUpload,
  StartUploadInput,
  UploadIdInput,
} from "./contract.ts";
import { UPLOAD_CHUNK_BYTES_MAX, UPLOAD_TTL_MS, UPLOADS_PER_USER_MAX } from "./limits.ts";
import {
  countUploadsOf,
  findPresentRom,
  findUploadByResumeId,
  findUploadRow,
  insertUpload,
  prolongUpload,
  type UploadRow,
} from "./queries.ts";
import { parseUploadId, requireArithmetic, toUploadsFolder } from "./rules.ts";

/**
 * Opens an upload of a file into a platform's folder, or finds the caller's open one of the same resume id, place
 * and size again. Where the platform has a rom of the same SHA-1 already, none is opened.
 * @throws AppError `PLATFORMS_NOT_FOUND`; `ROMS_UPLOAD_NAME_INVALID`, `ROMS_UPLOAD_NAME_EXCLUDED`,
 * `ROMS_UPLOAD_TOO_LARGE`, `ROMS_UPLOAD_CHUNKS_INVALID`; `ROMS_UPLOAD_EXISTS` for a name that is taken,
 * `LIBRARY_READ_ONLY`, `ROMS_UPLOAD_LIMIT`, `STORAGE_FULL`.
 */
export const startUpload = operation(
  {
    type: "mutation",
    scope: "roms.write",
    input: StartUploadInput,
    output: StartedUploadSchema,
    // Asking again after it was finished or cancelled has to give another one.
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<StartedUpload> => {
    const userId = await getUploaderId(ctx);
    const target = await locateTarget(ctx, input);
    requireArithmetic(input);
    const { sha1, platformId } = input;
    const present =
      sha1 === null ? null : await findPresentRom(ctx.db, { platformId, sha1, hidden: await getHidden(ctx) });
    const answer = { present, isResumed: false, chunkBytesMax: UPLOAD_CHUNK_BYTES_MAX };
    if (present !== null) return { ...answer, upload: null };
    await requireFree(ctx, target);
    await requireWritableLibrary(ctx, target.folder);
    const open = await findOpenUpload(ctx, userId, input);
    if (open !== null) return { ...answer, upload: await describeUpload(ctx, open), isResumed: true };
    await requireRoom(ctx, input.totalSizeBytes);
    const row = await openUpload(ctx, userId, input);
    return { ...answer, upload: await describeUpload(ctx, row) };
  },
);

/** One that is over, or of another file, makes room. */
async function findOpenUpload(ctx: Context, userId: number, input: StartUpload): Promise<UploadRow | null> {
  if (input.resumeId === null) return null;
  const found = await findUploadByResumeId(ctx.db, userId, input.resumeId);
  if (found === null) return null;
  const now = ctx.ports.clock.now();
  const isSame =
    found.platformId === input.platformId &&
    found.fileName === input.fileName &&
    found.totalSizeBytes === input.totalSizeBytes &&
    found.totalChunks === input.totalChunks &&
    (input.sha1 === null || found.sha1 === null || found.sha1 === input.sha1);
  if (!isSame || found.expiresAt <= now) {
    await dropUpload(ctx, found);
    return null;
  }
  const expiresAt = new Date(now.getTime() + UPLOAD_TTL_MS);
  await prolongUpload(ctx.db, found.id, expiresAt);
  return { ...found, expiresAt };
}

/** Both places hold all of it for a moment. */
async function requireRoom({ ports, facts }: Context, totalSizeBytes: number): Promise<void> {
  // What is not there cannot be measured.
  await ports.files.createFolder(toUploadsFolder(facts.tempPath), { mode: 0o700 });
  await ports.space.assertSpace(totalSizeBytes, { path: facts.tempPath });
  await ports.space.assertSpace(totalSizeBytes, { path: facts.libraryPath });
}

async function openUpload(ctx: Context, userId: number, input: StartUpload): Promise<UploadRow> {
  if ((await countUploadsOf(ctx.db, userId)) >= UPLOADS_PER_USER_MAX) {
    throw new AppError("conflict", "ROMS_UPLOAD_LIMIT", {
      message: `At most ${UPLOADS_PER_USER_MAX} uploads can be open at a time`,
    });
  }
  const { platformId, fileName, totalSizeBytes, totalChunks, sha1, resumeId } = input;
  const expiresAt = new Date(ctx.ports.clock.now().getTime() + UPLOAD_TTL_MS);
  const facts = { platformId, fileName, totalSizeBytes, totalChunks, sha1, resumeId };
  const added = await insertUpload(ctx.db, { id: createUuid(), userId, expiresAt, ...facts });
  // Another call of the same resume id was faster, and this one goes on with it.
  const row = added ?? (await findOpenUpload(ctx, userId, input));
  return row ?? (await openUpload(ctx, userId, { ...input, resumeId: null }));
}

/**
 * An upload with the chunks that are there. For its owner and administrators.
 * @throws AppError `ROMS_UPLOAD_ID_INVALID`, `ROMS_UPLOAD_NOT_FOUND`, `ROMS_UPLOAD_FOREIGN`.
 */
export const getUpload = operation(
  { type: "query", scope: "roms.write", input: UploadIdInput, output: RomUploadSchema },
  async (ctx, { uploadId }) =>
    await describeUpload(ctx, await requireUpload(ctx, uploadId, { orAdmin: true })),
);

/**
 * Gives an upload up; what was received is dropped. One that is not there is as good as given up. For its owner
 * and administrators.
 * @throws AppError `ROMS_UPLOAD_ID_INVALID`, `ROMS_UPLOAD_FOREIGN`.
 */
export const cancelUpload = operation(
  { type: "mutation", scope: "roms.write", input: UploadIdInput, output: Nothing },
  async (ctx, { uploadId }): Promise<null> => {
    const row = await findUploadRow(ctx.db, parseUploadId(uploadId), ctx.ports.clock.now());
    if (row === null) return null;
    requireOwner(ctx, row.userId, true);
    await dropUpload(ctx, row);
    return null;
  },
);
