import { toByteSource } from "@multitap/native/byte-source";
import { NativeError } from "@multitap/native/errors";
import { abortedError, toStorageError } from "../errors.ts";
import type { ByteSource, BytesInput } from "../transfers/types.ts";

/** The file's name in a path or URL; what comes behind the path of a URL is no part of it. */
function fileNameOf(name: string): string {
  const path = /^https?:\/\//i.test(name) ? name.replace(/[?#].*$/s, "") : name;
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/**
 * Gives any input as a source with a bare file name. What the app's own source throws becomes an error of kind
 * `storage`, so that it is told apart from a bug of ours.
 */
export function toSource(input: BytesInput): ByteSource {
  const source = toByteSource(input);
  const name = fileNameOf(source.name);
  return {
    name,
    sizeBytes: source.sizeBytes,
    modifiedAt: source.modifiedAt,
    async read(start, end, signal) {
      try {
        return await source.read(start, end, signal);
      } catch (thrown) {
        if (signal?.aborted) throw abortedError(signal);
        throw thrown instanceof NativeError
          ? thrown
          : toStorageError(thrown, `Reading ${name || "the bytes"}`);
      }
    },
  };
}

/** Gives one or several inputs as sources. */
export function toSources(input: BytesInput | readonly BytesInput[]): readonly ByteSource[] {
  return isList(input) ? input.map(toSource) : [toSource(input)];
}

function isList(input: BytesInput | readonly BytesInput[]): input is readonly BytesInput[] {
  return Array.isArray(input);
}
