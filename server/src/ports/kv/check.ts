import { assert } from "../../base/assert.ts";
import { AppError } from "../../base/errors.ts";
import { KV_BATCH_MAX, KV_KEY_BYTES_MAX, KV_TTL_MS_MAX, KV_VALUE_BYTES_MAX } from "./limits.ts";

function checkText(text: string, bytesMax: number, what: string): void {
  // PostgreSQL cannot store U+0000; both drivers refuse it so that they stay interchangeable.
  if (text.includes("\u0000")) {
    throw new AppError("invalid", "KV_TEXT_INVALID", { message: `${what} contains a zero character` });
  }
  // A UTF-16 unit is at most 3 bytes of UTF-8, so most texts need no counting.
  if (text.length * 3 <= bytesMax) return;
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > bytesMax) {
    throw new AppError("too_large", "KV_TOO_LARGE", {
      message: `${what} has ${sizeBytes} bytes; at most ${bytesMax} are allowed`,
    });
  }
}

/** Refuses a key, channel or member that some driver could not hold. */
export function checkName(name: string, what: "key" | "channel" | "member"): void {
  checkText(name, KV_KEY_BYTES_MAX, what);
}

/** Refuses a value or message that some driver could not hold. */
export function checkValue(value: string, what: "value" | "message"): void {
  checkText(value, KV_VALUE_BYTES_MAX, what);
}

/** Refuses a batch that is too long or holds a bad name. */
export function checkNames(names: readonly string[], what: "key" | "member"): void {
  if (names.length > KV_BATCH_MAX) {
    throw new AppError("too_large", "KV_TOO_LARGE", {
      message: `${names.length} ${what}s in one call; at most ${KV_BATCH_MAX} are allowed`,
    });
  }
  for (const name of names) checkName(name, what);
}

/** Stops a life that is not a whole number of milliseconds within bounds; lives are chosen by our code. */
export function checkTtl(ttlMs: number): void {
  assert(Number.isInteger(ttlMs) && ttlMs > 0 && ttlMs <= KV_TTL_MS_MAX, `kv ttlMs out of range: ${ttlMs}`);
}
