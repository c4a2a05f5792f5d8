import { MultitapError } from "../errors.ts";

/** What a store throws when something else is there than it was told. */
export function localChanged(key: string): MultitapError<"conflict"> {
  return new MultitapError("conflict", "SYNC_LOCAL_CHANGED", { message: `${key} changed meanwhile` });
}

/** What is there no more, or never was. */
export function localMissing(key: string, path: string): MultitapError<"conflict"> {
  return new MultitapError("conflict", "SYNC_LOCAL_CHANGED", { message: `There is no ${path} in ${key}` });
}

/** A save that no device holds in memory. */
export function saveTooLarge(what: string): MultitapError<"too_large"> {
  return new MultitapError("too_large", "SYNC_SAVE_TOO_LARGE", {
    message: `${what} is too large to be synced`,
  });
}

/** An archive that cannot be unpacked, or would write outside of its place. */
export function bundleUnsafe(what: string): MultitapError<"protocol"> {
  return new MultitapError("protocol", "SYNC_BUNDLE_INVALID", { message: `${what} cannot be unpacked` });
}

/** The bytes that came, or that the store gives back, are others than were sent. */
export function bytesDiffer(what: string): MultitapError<"storage"> {
  return new MultitapError("storage", "SYNC_BYTES_DIFFER", { message: `${what} is not what was sent` });
}
