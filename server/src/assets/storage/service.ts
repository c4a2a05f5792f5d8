import { createHash } from "node:crypto";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createHexToken } from "../../base/ids.ts";
import type { ByteStream, ReceivedFile } from "../../base/received-file.ts";
import { findZipEnd } from "../../ports/compute/tasks/hash-asset.ts";
import { storeReceived } from "../../ports/files/received.ts";
import type { StoredBytes } from "../contract.ts";
import { HASHED_ON_THE_SPOT_BYTES } from "../limits.ts";
import { belowAssets, toStoredName } from "../rules.ts";

type Scene = Pick<Context, "ports" | "facts">;

/** A sent file, and where it belongs. */
export interface BytesToStore {
  /** Below the assets folder. */
  readonly folder: string;
  readonly fileName: string;
  readonly file: Pick<ReceivedFile, "sizeBytes" | "content">;
}

/** Random bytes that keep two stored names apart. */
const MARK_BYTES = 8;

/**
 * Puts the bytes of a user safely on disk under a name of their own and finds out what they are. They belong to nobody
 * until a row names them: hand them to `discardBytes` when none does.
 * @throws AppError `STORAGE_FULL`, and what the disk refuses.
 */
export async function storeBytes(ctx: Scene, { folder, fileName, file }: BytesToStore): Promise<StoredBytes> {
  const { files, space } = ctx.ports;
  await space.assertSpace(file.sizeBytes, { path: ctx.facts.assetsPath });
  const { storedPath, path } = nameBytes(ctx, folder, fileName);
  await files.createFolder(belowAssets(ctx.facts.assetsPath, folder));
  await storeReceived(files, file, path);
  try {
    return { storedPath, ...(await identify(ctx, file, path)) };
  } catch (error) {
    await discardBytes(ctx, storedPath);
    throw error;
  }
}

/** A body, and where it belongs. */
export interface StreamToStore {
  readonly folder: string;
  readonly fileName: string;
  readonly body: ByteStream;
}

/**
 * Does the same with a body that is read as it comes in; small ones are held until they are whole.
 * @throws AppError `SAVES_TOO_LARGE`, `STORAGE_FULL`.
 */
export async function storeStream(
  ctx: Scene,
  { folder, fileName, body }: StreamToStore,
): Promise<StoredBytes> {
  const { bytesMax } = ctx.facts.assets;
  const chunks = limitBytes(body, bytesMax)[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  while (heldBytes <= HASHED_ON_THE_SPOT_BYTES) {
    const next = await chunks.next();
    if (next.done === true) {
      const content = { bytes: Buffer.concat(held) };
      return await storeBytes(ctx, { folder, fileName, file: { sizeBytes: heldBytes, content } });
    }
    held.push(next.value);
    heldBytes += next.value.byteLength;
  }
  return await storeLongStream(ctx, { folder, fileName, body: chain(held, chunks) });
}

async function storeLongStream(ctx: Scene, { folder, fileName, body }: StreamToStore): Promise<StoredBytes> {
  const { files, space } = ctx.ports;
  await space.assertSpace(0, { path: ctx.facts.assetsPath });
  const { storedPath, path } = nameBytes(ctx, folder, fileName);
  await files.createFolder(belowAssets(ctx.facts.assetsPath, folder));
  await files.writeAtomic(path, body);
  try {
    return { storedPath, ...(await ctx.ports.compute.run("hash-asset", { path })) };
  } catch (error) {
    await discardBytes(ctx, storedPath);
    throw error;
  }
}

function nameBytes({ facts }: Scene, folder: string, fileName: string) {
  const storedPath = `${folder}/${toStoredName(fileName, createHexToken(MARK_BYTES))}`;
  return { storedPath, path: belowAssets(facts.assetsPath, storedPath) };
}

async function* limitBytes(body: ByteStream, bytesMax: number): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > bytesMax) {
      throw new AppError("too_large", "SAVES_TOO_LARGE", {
        message: `A file of this kind may have ${bytesMax} bytes at most`,
        details: { bytesMax },
      });
    }
    yield chunk;
  }
}

async function* chain(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array, unknown>,
): AsyncGenerator<Uint8Array> {
  yield* first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Small files are hashed here: asking a worker takes longer than the work. */
async function identify(
  ctx: Scene,
  { content }: BytesToStore["file"],
  path: string,
): Promise<Omit<StoredBytes, "storedPath">> {
  const bytes = "bytes" in content ? content.bytes : null;
  if (bytes === null || bytes.length > HASHED_ON_THE_SPOT_BYTES || findZipEnd(bytes) !== null) {
    return await ctx.ports.compute.run("hash-asset", { path });
  }
  const md5 = createHash("md5").update(bytes).digest("hex");
  const sha1 = createHash("sha1").update(bytes).digest("hex");
  return { sizeBytes: bytes.length, md5, sha1, contentHash: md5 };
}

/** Removes bytes that no row names after all; a failure is only logged, since leftovers are swept. */
export async function discardBytes(ctx: Scene, storedPath: string): Promise<void> {
  const path = belowAssets(ctx.facts.assetsPath, storedPath);
  try {
    await ctx.ports.files.remove(path);
  } catch (error) {
    ctx.ports.log.warn("could not remove a file that nothing names", { path, error });
  }
}
