/** Bytes of the tunnel and of netplay, written out by hand: tests hold our own writing and reading against them. */

/** Bytes of hex digits. */
export const hex = (text: string): Uint8Array => Uint8Array.fromHex(text.replaceAll(" ", ""));

/** Several runs of bytes as one. */
export const concat = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat([...parts]));

/** Four letters. */
export const letters = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A session request of a host. */
export const REQUEST = hex("52415453 000000000000000000000000");
/** A netplay header of RetroArch 1.14 as a user sends it: 24 bytes. */
export const USER_HEADER = hex("52414e50 00040008 00000001 00000006 00000005 00000469");
/** The same of a host, without a password. */
export const HOST_HEADER = hex("52414e50 00040008 00000001 00000000 00000006 00000469");
/** 24 bytes in place of a header. */
export const refusal = (magic: string): Uint8Array => concat(letters(magic), new Uint8Array(20));

/** A text in a field of 32 bytes. */
function field(text: string): Uint8Array {
  const bytes = new Uint8Array(32);
  bytes.set(letters(text));
  return bytes;
}

/** A NICK command: 40 bytes. */
export const nick = (text: string): Uint8Array => concat(hex("00000020 00000020"), field(text));

/** An INFO command: 76 bytes. */
export const info = (crc32: string, core: string, version: string): Uint8Array =>
  concat(hex("00000022 00000044"), hex(crc32), field(core), field(version));
