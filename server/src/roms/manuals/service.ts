import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createHexToken } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { inTransaction } from "../../base/transaction.ts";
import type { FetchStream } from "../../ports/fetch/port.ts";
import { storeReceived, withStaged } from "../../ports/files/received.ts";
import { removeQuietly } from "../../ports/files/removing.ts";
import { ExtraDone, ExtraRomInput, ExtraUploadInput } from "../extras/contract.ts";
import { MANUAL_BYTES_MAX, MANUAL_FETCH_TIMEOUT_MS, MANUAL_HEAD_BYTES } from "../extras/limits.ts";
import { type ExtraRom, lockExtraRom, storeManualPath } from "../extras/queries.ts";
import {
  checkExtraName,
  detectManual,
  EXTRA_KINDS,
  findUpload,
  listManualPaths,
  MANUAL_EXTENSIONS,
  type ManualExtension,
  toManualFolder,
  toManualPath,
} from "../extras/rules.ts";
import { requireExtraRom } from "../extras/service.ts";
import { romNotFound } from "../rules.ts";

/**
 * Stores the manual of a rom, beside its artwork; it replaces the one before.
 * @throws AppError `ROMS_NOT_FOUND`, `ROMS_EXTRA_NAME_INVALID`, `ROMS_EXTRA_TYPE_INVALID`, `ROMS_EXTRA_FILE_REQUIRED`,
 *   `STORAGE_FULL`.
 */
export const addManual = operation(
  { type: "mutation", scope: "roms.write", storesNoAnswer: true, input: ExtraUploadInput, output: ExtraDone },
  async (ctx, { romId, fileNames, files }): Promise<null> => {
    const rom = await requireExtraRom(ctx, romId);
    const { fileName, file } = findUpload(fileNames, files);
    const ending = checkExtraName(fileName, EXTRA_KINDS.manual);
    const extension = MANUAL_EXTENSIONS.find((each) => each === ending) ?? "pdf";
    await ctx.ports.space.assertSpace(file.sizeBytes, { path: ctx.facts.resourcesPath });
    await replaceManual(ctx, rom, { extension, file });
    return null;
  },
);

interface NewManual {
  readonly extension: ManualExtension;
  readonly file: Pick<ReceivedFile, "content">;
}

/**
 * The manual comes before the row that names it, and one of the other sort goes last. After a crash it is there as a
 * whole, or as it was. Nobody waits for the rom while the manual is copied.
 */
async function replaceManual(ctx: Context, owner: ExtraRom, { extension, file }: NewManual): Promise<void> {
  const { files } = ctx.ports;
  const { resourcesPath } = ctx.facts;
  const { romId } = owner;
  const path = toManualPath(owner, extension);
  const folder = join(resourcesPath, toManualFolder(owner));
  await files.createFolder(folder);
  await withStaged(ctx.ports, { folder, file }, (staged) =>
    changeManual(ctx, romId, async (inner, rom) => {
      await storeReceived(files, staged, join(resourcesPath, path));
      await storeManualPath(inner.db, romId, path);
      return listManualPaths(rom).filter((each) => each !== path);
    }),
  );
}

/** Runs a change of a rom's manual; gives back what is to be removed once it is stored. */
async function changeManual(
  ctx: Context,
  romId: number,
  work: (inner: Context, rom: ExtraRom) => Promise<readonly string[]>,
): Promise<void> {
  const old = await inTransaction(ctx, async (inner) => {
    const rom = await lockExtraRom(inner.db, romId);
    if (rom === null) throw romNotFound(romId);
    const paths = await work(inner, rom);
    inner.raise({ topic: "library", userId: null, data: { change: "updated", entity: "rom", ids: [romId] } });
    return paths;
  });
  for (const path of old) {
    const said = "could not remove an old manual";
    await removeQuietly(ctx.ports, join(ctx.facts.resourcesPath, path), { said });
  }
}

/**
 * Removes the manual of a rom.
 * @throws AppError `ROMS_NOT_FOUND`, `ROMS_MANUAL_NOT_FOUND`.
 */
export const removeManual = operation(
  { type: "mutation", scope: "roms.write", input: ExtraRomInput, output: ExtraDone },
  async (ctx, { romId }): Promise<null> => {
    await requireExtraRom(ctx, romId);
    await changeManual(ctx, romId, async (inner, rom) => {
      if (rom.pathManual === null || rom.pathManual === "") {
        throw new AppError("not_found", "ROMS_MANUAL_NOT_FOUND", { message: "No manual found for this rom" });
      }
      await storeManualPath(inner.db, romId, null);
      return listManualPaths(rom);
    });
    return null;
  },
);

/**
 * Fetches the manual of a rom again from where a metadata provider says that it is: a PDF, or Markdown.
 * @throws AppError `ROMS_NOT_FOUND`, `ROMS_MANUAL_URL_MISSING`, `ROMS_MANUAL_UNAVAILABLE`, `STORAGE_FULL`, and what a call
 *   to another server throws.
 */
export const redownloadManual = operation(
  { type: "mutation", scope: "roms.write", input: ExtraRomInput, output: ExtraDone },
  async (ctx, { romId }): Promise<null> => {
    const rom = await requireExtraRom(ctx, romId);
    const { urlManual } = rom;
    if (urlManual === "") {
      throw new AppError("invalid", "ROMS_MANUAL_URL_MISSING", {
        message: "This rom has no address to download a manual from",
      });
    }
    const { files, space } = ctx.ports;
    // Among the uploads that wait first: the rom is not held while another server sends.
    const folder = join(ctx.facts.tempPath, "received");
    await files.createFolder(folder, { mode: 0o700 });
    for (const path of [folder, ctx.facts.resourcesPath]) await space.assertSpace(0, { path });
    const answer = await ctx.ports.fetch.open(urlManual, {
      headers: { accept: "application/pdf, text/markdown, */*;q=0.5" },
      maxBytes: MANUAL_BYTES_MAX,
      timeoutMs: MANUAL_FETCH_TIMEOUT_MS,
      signal: ctx.signal,
    });
    const { extension, content } = await readManual(answer, urlManual);
    const waiting = join(folder, `${createHexToken(12)}.received`);
    try {
      await files.writeAtomic(waiting, content);
      const { sizeBytes = 0 } = (await files.find(waiting)) ?? {};
      await space.assertSpace(sizeBytes, { path: ctx.facts.resourcesPath });
      await replaceManual(ctx, rom, { extension, file: { content: { path: waiting } } });
    } finally {
      await removeQuietly(ctx.ports, waiting, { said: "a received manual stays for now" });
    }
    return null;
  },
);

interface ReadManual {
  readonly extension: ManualExtension;
  readonly content: AsyncIterable<Uint8Array>;
}

async function readManual(answer: FetchStream, url: string): Promise<ReadManual> {
  const chunks = answer.body[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let headBytes = 0;
  while (answer.status === 200 && headBytes < MANUAL_HEAD_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    first.push(next.value);
    headBytes += next.value.byteLength;
  }
  const contentType = answer.headers.get("content-type") ?? "";
  const bytes = Buffer.concat(first).subarray(0, MANUAL_HEAD_BYTES);
  const extension = answer.status === 200 ? detectManual({ bytes, contentType, url }) : null;
  if (extension === null) {
    await chunks.return?.();
    throw new AppError("upstream", "ROMS_MANUAL_UNAVAILABLE", {
      message: "There is no PDF and no Markdown at the address of the manual",
      details: { status: answer.status },
    });
  }
  return { extension, content: chain(first, chunks) };
}

async function* chain(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
