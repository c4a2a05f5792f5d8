/** The script of a page that hashes at once and tells how long that took. */
import { hashBytes } from "@multitap/client/native";

const startedAt = performance.now();
const { sha1 } = await hashBytes(new TextEncoder().encode("abc"), ["crc32", "md5", "sha1"]);
const endedAt = performance.now();
Object.assign(globalThis, { firstHash: { sha1, ms: endedAt - startedAt, sinceNavigationMs: endedAt } });
