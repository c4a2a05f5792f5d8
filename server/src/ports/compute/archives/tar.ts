import { extract, type Header } from "tar-stream";
import { ARCHIVE_MEMBERS_MAX } from "../limits.ts";
import { TaskCancelled } from "../task.ts";
import {
  type ArchiveMember,
  type ArchivePart,
  ArchiveRefusal,
  refuse,
  type StreamedArchive,
} from "./archive.ts";
import { createUnpackGuard, type UnpackGuard } from "./unpack-guard.ts";

/** A tar file's bytes, from the start each time it is asked for. */
export type OpenTarBytes = () => AsyncGenerator<Uint8Array>;

/** Opens a tar whose bytes come from a file or out of another container. */
export function openTar(openBytes: OpenTarBytes, packedBytes: number): StreamedArchive {
  return {
    kind: "streamed",
    async *read(wants) {
      const guard = createUnpackGuard(packedBytes);
      const feeding = feed(openBytes(), guard);
      let index = 0;
      try {
        for await (const entry of feeding.reader) {
          const member = toMember(entry.header);
          const isWanted = wants(member);
          if (isWanted) yield { kind: "member", index, member };
          // Read also where it is not wanted: the next header comes behind it.
          for await (const bytes of entry) if (isWanted) yield toBytes(bytes);
          if (isWanted) yield { kind: "end" };
          index += 1;
          if (index > ARCHIVE_MEMBERS_MAX)
            refuse("too_large", `holds more than ${ARCHIVE_MEMBERS_MAX} members`);
        }
        await feeding.finish();
      } catch (error) {
        throw toRefusal(feeding.failure() ?? error);
      } finally {
        await feeding.stop();
      }
    },
  };
}

/** A stream without an encoding gives bytes, which its type does not say. */
function toBytes(bytes: unknown): ArchivePart {
  return { kind: "bytes", bytes: bytes as Uint8Array };
}

/**
 * Writes a tar's bytes into the parser as fast as they are taken out of it. The parser itself refuses headers that
 * are longer than memory should hold.
 */
function feed(source: AsyncGenerator<Uint8Array>, guard: UnpackGuard) {
  const reader = extract();
  let failure: unknown = null;
  let isStopped = false;
  const fail = (error: unknown): void => {
    if (isStopped) return;
    failure ??= error;
    reader.destroy(null);
  };
  let wake = (): void => undefined;
  const onRoom = (): void => wake();
  reader.on("drain", onRoom);
  reader.on("close", onRoom);
  // The parser reports a damaged header here as well as to the loop over its entries.
  reader.on("error", fail);
  const feedAll = async (): Promise<void> => {
    for await (const bytes of source) {
      if (isStopped || reader.destroyed) return;
      guard.add(bytes.length);
      const hasRoom = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!reader.write(bytes) && !reader.destroyed) await hasRoom;
    }
    reader.end(null);
  };
  const feeding = feedAll().catch(fail);
  return {
    reader,
    failure: () => failure,
    async finish() {
      await feeding;
      if (failure !== null) throw failure;
    },
    async stop() {
      isStopped = true;
      reader.destroy(null);
      await feeding;
      await source.return(undefined);
    },
  };
}

function toMember({ name, size, type }: Header): ArchiveMember {
  const isRegular = (type === "file" || type === "contiguous-file") && !name.endsWith("/");
  return { name, sizeBytes: size ?? 0, crc32: null, isRegular, isEncrypted: false };
}

/** Keeps what is not about the tar: cancelling, the container around it, the disk, bugs. */
function toRefusal(error: unknown): unknown {
  if (error instanceof ArchiveRefusal || error instanceof TaskCancelled) return error;
  if (!(error instanceof Error) || error instanceof TypeError || "code" in error) return error;
  return new ArchiveRefusal("damaged", "holds no tar that can be read", error);
}
