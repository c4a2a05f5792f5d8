import { refuse } from "./refusal.ts";

/** Bytes that the runtime's cryptography takes. */
type Plain = Uint8Array<ArrayBuffer>;

/** Web cryptography, which browsers give only to pages of a secure origin. */
function getSubtle(): SubtleCrypto {
  const { subtle } = globalThis.crypto as { readonly subtle: SubtleCrypto | undefined };
  return subtle ?? refuse("unsupported", "cryptography is only to be had on pages of a secure origin");
}

const plain = (bytes: Uint8Array): Plain => new Uint8Array(bytes);

const importKey = (key: Uint8Array, name: string, usage: KeyUsage): Promise<CryptoKey> =>
  getSubtle().importKey("raw", plain(key), name, false, [usage]);

/** Gives the SHA-1 in 20 bytes. */
export const sha1 = async (bytes: Uint8Array): Promise<Plain> =>
  new Uint8Array(await getSubtle().digest("SHA-1", plain(bytes)));

/** Gives the SHA-256 in 32 bytes. */
export const sha256 = async (bytes: Uint8Array): Promise<Plain> =>
  new Uint8Array(await getSubtle().digest("SHA-256", plain(bytes)));

/** Encrypts whole blocks by AES-128-CBC, without padding. */
export async function encryptCbc(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Promise<Plain> {
  const imported = await importKey(key, "AES-CBC", "encrypt");
  const padded = await getSubtle().encrypt({ name: "AES-CBC", iv: plain(iv) }, imported, plain(bytes));
  return new Uint8Array(padded, 0, bytes.length);
}

/** Decrypts whole blocks by AES-128-CBC, without padding. */
export async function decryptCbc(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Promise<Plain> {
  if (bytes.length === 0) return new Uint8Array(0);
  // The runtime insists on padding, so a block of it is put behind the last one.
  const padding = await getSubtle().encrypt(
    { name: "AES-CBC", iv: plain(bytes.subarray(-16)) },
    await importKey(key, "AES-CBC", "encrypt"),
    new Uint8Array(0),
  );
  const padded = new Uint8Array(bytes.length + 16);
  padded.set(bytes);
  padded.set(new Uint8Array(padding), bytes.length);
  const imported = await importKey(key, "AES-CBC", "decrypt");
  return new Uint8Array(await getSubtle().decrypt({ name: "AES-CBC", iv: plain(iv) }, imported, padded));
}

/**
 * Applies the key stream of AES-128-CTR.
 * @param counter 16 bytes, big endian; it counts the blocks.
 */
export async function applyCtr(key: Uint8Array, counter: Uint8Array, bytes: Uint8Array): Promise<Plain> {
  const algorithm = { name: "AES-CTR", counter: plain(counter), length: 128 };
  const imported = await importKey(key, "AES-CTR", "encrypt");
  return new Uint8Array(await getSubtle().encrypt(algorithm, imported, plain(bytes)));
}
