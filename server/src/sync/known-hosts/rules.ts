import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { KNOWN_HOST_LINES_MAX } from "../push-pull/limits.ts";

/** The public key of a host, as a line of a known_hosts file gives it. */
export interface KnownKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** The key as it travels: a type and its numbers, each behind its length. */
  readonly blob: Uint8Array;
  /** Marked `@revoked`: never to be accepted. */
  readonly isRevoked: boolean;
}

/** Type, numbers; longer ones are no keys. */
const KEY_BASE64 = /^[A-Za-z0-9+/]{16,11000}={0,2}$/;

/**
 * Reads the keys of one host out of a known_hosts file: plain, hashed and wildcard names, with or without a port. Lines
 * that cannot be read are no keys, as in OpenSSH; certificate authorities are not supported and count as none.
 * @source sshd(8), section SSH_KNOWN_HOSTS FILE FORMAT.
 */
export function findKnownKeys(text: string, host: string, port: number): readonly KnownKey[] {
  const name = toHostName(host, port);
  return text
    .split("\n", KNOWN_HOST_LINES_MAX)
    .flatMap((line) => readLine(line.trim()) ?? [])
    .filter(({ names }) => isNamed(names, name))
    .map(({ key }) => key);
}

/** The name that a host goes by in the file: other ports than SSH's own are part of it. */
export function toHostName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === 22 ? lower : `[${lower}]:${port}`;
}

interface HostLine {
  readonly names: string;
  readonly key: KnownKey;
}

function readLine(line: string): HostLine | null {
  if (line === "" || line.startsWith("#")) return null;
  const words = line.split(/[ \t]+/);
  const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
  const [names, type, base64] = words;
  if (names === undefined || type === undefined || base64 === undefined) return null;
  if (marker !== undefined && marker !== "@revoked") return null;
  if (!KEY_BASE64.test(base64)) return null;
  const blob = new Uint8Array(Buffer.from(base64, "base64"));
  // A line whose two words for the type differ was edited wrongly, or is an old format's.
  if (readKeyType(blob) !== type) return null;
  return { names, key: { type, blob, isRevoked: marker === "@revoked" } };
}

/** The type that a public key names itself by; null when it is none. Bytes 0-3: its length, big-endian; then ASCII. */
export function readKeyType(blob: Uint8Array): string | null {
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.length < 4) return null;
  const end = 4 + bytes.readUInt32BE(0);
  return end > bytes.length || end > 68 ? null : bytes.toString("latin1", 4, end);
}

function isNamed(names: string, name: string): boolean {
  if (names.startsWith("|")) return isHashOf(names, name);
  let isFound = false;
  for (const pattern of names.split(",")) {
    const isNegated = pattern.startsWith("!");
    if (!matches(isNegated ? pattern.slice(1) : pattern, name)) continue;
    // One exception outweighs every pattern that fits.
    if (isNegated) return false;
    isFound = true;
  }
  return isFound;
}

/** `|1|salt|HMAC-SHA1 of the name|`, both Base64. */
function isHashOf(hashed: string, name: string): boolean {
  const [, version, salt = "", digest = ""] = hashed.split("|");
  if (version !== "1") return false;
  const expected = Buffer.from(digest, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** `*` stands for any characters, `?` for one. Linear in both lengths, whatever the pattern. */
function matches(pattern: string, name: string): boolean {
  const lower = pattern.toLowerCase();
  let at = 0;
  let star = -1;
  let resumeAt = 0;
  let patternAt = 0;
  while (at < name.length) {
    const wanted = lower[patternAt];
    if (wanted === "*") {
      star = patternAt++;
      resumeAt = at;
    } else if (wanted !== undefined && (wanted === "?" || wanted === name[at])) {
      patternAt += 1;
      at += 1;
    } else if (star >= 0) {
      patternAt = star + 1;
      resumeAt += 1;
      at = resumeAt;
    } else {
      return false;
    }
  }
  while (lower[patternAt] === "*") patternAt += 1;
  return patternAt === lower.length;
}

/** How a shown key is to be taken. */
export type KeyVerdict = "known" | "changed" | "revoked";

/** Holds the key that a host shows against those that are known of it; only an equal one is accepted. */
export function judgeKey(shown: Uint8Array, known: readonly KnownKey[]): KeyVerdict {
  const equal = known.filter(({ blob }) => Buffer.compare(blob, shown) === 0);
  if (equal.some(({ isRevoked }) => isRevoked)) return "revoked";
  return equal.length > 0 ? "known" : "changed";
}

/** What OpenSSH prints of a key, for comparing by eye. */
export function toFingerprint(blob: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/**
 * Algorithms by which a host may prove each key. SHA-1 signatures of RSA keys are left out, as in OpenSSH since 8.8.
 */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  "ssh-ed25519": ["ssh-ed25519"],
  "ecdsa-sha2-nistp256": ["ecdsa-sha2-nistp256"],
  "ecdsa-sha2-nistp384": ["ecdsa-sha2-nistp384"],
  "ecdsa-sha2-nistp521": ["ecdsa-sha2-nistp521"],
  "ssh-rsa": ["rsa-sha2-512", "rsa-sha2-256"],
};

/**
 * What to ask a host to prove itself with: only keys of types that are known of it, so that a host that also has
 * others is recognised. Empty when nothing usable is known.
 */
export function toHostKeyAlgorithms(known: readonly KnownKey[]): readonly string[] {
  const types = new Set(known.filter(({ isRevoked }) => !isRevoked).map(({ type }) => type));
  return Object.entries(ALGORITHMS).flatMap(([type, algorithms]) => (types.has(type) ? algorithms : []));
}
