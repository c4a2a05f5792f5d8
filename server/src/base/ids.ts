/** Makes a random id of 128 bits in the usual UUID text form. */
export function createUuid(): string {
  return crypto.randomUUID();
}

/** Makes `bytes` random bytes as lower-case hex. */
export function createHexToken(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}

/** Makes a short request id: 12 hex digits, enough to find one line in a log. */
export function createRequestId(): string {
  return createHexToken(6);
}

/** SHA-256 of a text as lower-case hex. */
export function sha256Hex(text: string): string {
  return Bun.CryptoHasher.hash("sha256", text, "hex");
}
