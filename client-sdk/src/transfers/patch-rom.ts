import { MultitapError, toStorageError } from "../errors.ts";
import { throwIfAborted } from "../http/deadline.ts";
import { PATCH_BYTES_MAX, PATCH_TIMEOUT_MS, SOURCE_READ_BYTES_MAX } from "../limits.ts";
import { type DownloadParts, download } from "./download.ts";
import type { ByteSink, ByteSource, BytesInput, TransferOptions, TransferResult } from "./types.ts";

/** With what a file is patched (a file of the library, or bytes of the app's own), and how the result is moved. */
export type PatchChoice = ({ readonly patchFileId: number } | { readonly patch: BytesInput }) & {
  /** What the patched file is called, without its extension; made of both names unless said. */
  readonly name?: string | undefined;
} & Omit<TransferOptions, "verify">;

/** A patched file. */
export interface PatchedRomResult extends TransferResult {
  /** Whether the patch was made for this file; `unknown` where the patch has no checksum of it. */
  readonly check: "matched" | "differs" | "unknown";
}

/** Lets the server patch a file of the library, and moves the result into a sink. */
export async function patchRom(
  parts: DownloadParts,
  romFileId: number,
  { choice, to }: { readonly choice: PatchChoice; readonly to: ByteSink },
): Promise<PatchedRomResult> {
  const { signal, retry, onProgress, timeoutMs = PATCH_TIMEOUT_MS } = choice;
  const body = new FormData();
  if (choice.name !== undefined) body.set("output_file_name", `${choice.name}.patched`);
  if ("patchFileId" in choice) body.set("patch_file_id", String(choice.patchFileId));
  else body.set("patch_file", await toBlob(choice.patch, signal), nameOf(choice.patch));
  let check: PatchedRomResult["check"] = "unknown";
  const result = await download(parts, {
    place: {
      operation: "roms.patch",
      path: `/api/roms/${romFileId}/patch`,
      init: { method: "POST", body },
      onAnswer: (headers) => {
        check = readCheck(headers);
      },
    },
    sink: to,
    options: { signal, retry, onProgress, timeoutMs },
    findSha1: async () => null,
  });
  return { ...result, check };
}

function readCheck(headers: Headers): PatchedRomResult["check"] {
  const told = headers.get("x-multitap-patch-check");
  if (told === "matched" || told === "differs") return told;
  return headers.get("x-patch-validated") === "true" ? "matched" : "unknown";
}

function nameOf(input: BytesInput): string {
  const name = "name" in input && typeof input.name === "string" ? input.name : "";
  return name.split(/[/\\]/).at(-1) || "patch";
}

async function toBlob(input: BytesInput, signal: AbortSignal | undefined): Promise<Blob> {
  if (input instanceof Uint8Array) return new Blob([Uint8Array.from(input)]);
  if (!("read" in input)) return input;
  if (input.sizeBytes > PATCH_BYTES_MAX) {
    const message = `A patch from a source may have ${PATCH_BYTES_MAX} bytes, and this one has ${input.sizeBytes}`;
    throw new MultitapError("too_large", "BODY_TOO_LARGE", {
      message,
      details: { bytesMax: PATCH_BYTES_MAX },
    });
  }
  return new Blob(await readAll(input, signal));
}

async function readAll(
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < source.sizeBytes; at += SOURCE_READ_BYTES_MAX) {
    throwIfAborted(signal);
    const end = Math.min(source.sizeBytes, at + SOURCE_READ_BYTES_MAX);
    try {
      pieces.push(Uint8Array.from(await source.read(at, end, signal)));
    } catch (thrown) {
      throwIfAborted(signal);
      throw toStorageError(thrown, "Reading the patch");
    }
  }
  return pieces;
}
