/** Begins the record that ends an archive. */
export const END_MARK = 0x06054b50;
/** Bytes of that record without its comment. */
export const END_BYTES = 22;
/** The comment behind the end record may be this long, so that far back it is looked for. */
const COMMENT_BYTES_MAX = 65_535;

/** A view of exactly these bytes. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Finds the record that ends an archive; null when there is none. */
export function findEnd(bytes: Uint8Array): number | null {
  const view = viewOf(bytes);
  const least = Math.max(0, bytes.length - END_BYTES - COMMENT_BYTES_MAX);
  for (let at = bytes.length - END_BYTES; at >= least; at--) {
    if (view.getUint32(at, true) === END_MARK) return at;
  }
  return null;
}

/** Tells whether some bytes are a zip, as the protocol means it: by its end, not by its beginning. */
export function isZip(bytes: Uint8Array): boolean {
  return findEnd(bytes) !== null;
}
