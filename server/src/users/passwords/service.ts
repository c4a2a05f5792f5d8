import {
  ARGON2_CHECKED_KIB_MAX,
  ARGON2_CHECKED_LANES_MAX,
  ARGON2_CHECKED_WORK_MAX,
  ARGON2_MEMORY_KIB,
  ARGON2_PASSES,
  PASSWORD_CHECKED_CHARS_MAX,
} from "../limits.ts";

/** bcrypt never looked at more; Bun hashes longer passwords first, other libraries cut them. */
const BCRYPT_BYTES_MAX = 72;
/** Cost 16 takes about five seconds; a damaged hash with more must not stop the process for hours. */
const BCRYPT = /^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/;
const ARGON2ID =
  /^\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,88}\$[A-Za-z0-9+/]{16,88}$/;

/** What one password costs to hash. */
export interface PasswordCost {
  readonly memoryKib: number;
  readonly passes: number;
}

const PASSWORD_COST: PasswordCost = { memoryKib: ARGON2_MEMORY_KIB, passes: ARGON2_PASSES };

/** Hashes a new password with argon2id. */
export async function hashPassword(password: string, cost = PASSWORD_COST): Promise<string> {
  return await Bun.password.hash(password, {
    algorithm: "argon2id",
    memoryCost: cost.memoryKib,
    timeCost: cost.passes,
  });
}

/**
 * Tells whether a password belongs to a stored hash: argon2id, or bcrypt of an imported account by the
 * password's first 72 bytes. Without a usable hash the answer is no, after the time a check takes, so that
 * nobody learns from it which accounts exist.
 */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  if (password === "" || password.length > PASSWORD_CHECKED_CHARS_MAX) return false;
  const verdict = hash === null ? null : await judge(password, hash);
  if (verdict !== null) return verdict;
  await Bun.password.verify(password, await getUnknownHash());
  return false;
}

/** Null for a hash that no password can be held against. */
async function judge(password: string, hash: string): Promise<boolean | null> {
  const isOld = isOldHash(hash);
  if (!isOld && !isOwnHash(hash)) return null;
  try {
    const text = isOld ? Buffer.from(password).subarray(0, BCRYPT_BYTES_MAX) : password;
    return await Bun.password.verify(text, hash);
  } catch (error) {
    // Of the right form, but damaged in a way that only the algorithm sees.
    if (error instanceof Error && "code" in error && String(error.code).startsWith("PASSWORD_")) return null;
    throw error;
  }
}

/** Bounded, because checks run side by side: a damaged row must not take gigabytes or minutes. */
function isOwnHash(hash: string): boolean {
  const [found, memoryKib, passes, lanes] = ARGON2ID.exec(hash) ?? [];
  if (found === undefined || Number(lanes) > ARGON2_CHECKED_LANES_MAX) return false;
  const isSmall = Number(memoryKib) <= ARGON2_CHECKED_KIB_MAX;
  return isSmall && Number(memoryKib) * Number(passes) <= ARGON2_CHECKED_WORK_MAX;
}

/** Tells whether a hash should be replaced by a new one as soon as the password is known. */
export function isOldHash(hash: string): boolean {
  return BCRYPT.test(hash);
}

/**
 * Names one state of an account's password: it changes with the hash and reveals nothing of it. Login sessions
 * and refresh tokens carry it, so they end with the password they were issued for.
 */
export function toPasswordMark(hash: string | null): string {
  const digest = new Bun.CryptoHasher("sha256").update(`password mark ${hash ?? ""}`).digest("hex");
  return digest.slice(0, 32);
}

let unknownHash: Promise<string> | null = null;

/** A hash of no one's password, made on first need. */
function getUnknownHash(): Promise<string> {
  unknownHash ??= hashPassword(crypto.randomUUID());
  return unknownHash;
}
