/** A message as its bytes in hex. */
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** JSON as bytes. */
export const utf8 = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A message of the wire: type, u8, u16, then u32s, then bytes. */
export function pack(head: readonly number[], tail: Uint8Array = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const [type = 0, u8 = 0, u16 = 0, ...words] = head;
  const bytes = new Uint8Array(4 + words.length * 4 + tail.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint8(1, u8);
  view.setUint16(2, u16, true);
  words.forEach((word, index) => {
    view.setUint32(4 + index * 4, word, true);
  });
  bytes.set(tail, 4 + words.length * 4);
  return bytes;
}
