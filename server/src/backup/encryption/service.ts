import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from "node:crypto";
import { AppError } from "../../base/errors.ts";
import { damaged } from "../rules.ts";

/** The first bytes of an encrypted secret. */
const MAGIC = Buffer.from("MTSEC1\n\0", "latin1");
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const HEAD_BYTES = MAGIC.length + SALT_BYTES + NONCE_BYTES + TAG_BYTES;
/** 64 MiB and about a quarter of a second for one guess: a machine that is lost with its backups is guessed at for long. */
const COST: ScryptOptions = { N: 65_536, r: 8, p: 1, maxmem: 80 * 1024 * 1024 };

/**
 * Encrypts one secret: eight bytes of magic, 16 of salt, 12 of nonce, 16 of tag, then AES-256-GCM over the bytes with
 * `name` as associated data, under a key that scrypt makes of the passphrase.
 */
export async function encryptSecret(bytes: Uint8Array, name: string, passphrase: string): Promise<Buffer> {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", await deriveKey(passphrase, salt), nonce);
  cipher.setAAD(Buffer.from(name));
  const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return Buffer.concat([MAGIC, salt, nonce, cipher.getAuthTag(), body]);
}

/**
 * Decrypts one secret.
 * @throws AppError `BACKUP_PASSPHRASE_WRONG`, `BACKUP_DAMAGED`.
 */
export async function decryptSecret(bytes: Uint8Array, name: string, passphrase: string): Promise<Buffer> {
  const all = Buffer.from(bytes);
  if (all.length < HEAD_BYTES || !all.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw damaged(`${name} is no encrypted secret`);
  }
  const parts = new ByteParts(all, MAGIC.length);
  const [salt, nonce, tag] = [parts.take(SALT_BYTES), parts.take(NONCE_BYTES), parts.take(TAG_BYTES)];
  const decipher = createDecipheriv("aes-256-gcm", await deriveKey(passphrase, salt), nonce);
  decipher.setAAD(Buffer.from(name));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(parts.rest()), decipher.final()]);
  } catch (cause) {
    // Its digest was right, so it is the key that is wrong.
    throw wrongPassphrase("The passphrase is not the one of the backup", cause);
  }
}

/** Makes the refusal of a passphrase, or of none. */
export function wrongPassphrase(message: string, cause?: unknown): AppError<"invalid"> {
  return new AppError("invalid", "BACKUP_PASSPHRASE_WRONG", { message, cause });
}

class ByteParts {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  take(count: number): Buffer {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  rest(): Buffer {
    return this.bytes.subarray(this.at);
  }
}

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(passphrase.normalize("NFC"), salt, KEY_BYTES, COST, (error, key) => {
    // The runtime gives nothing at all where its types say null.
    if (error) reject(error);
    else resolve(key);
  });
  return promise;
}
