import type { ByteSource } from "@multitap/native/byte-source";
import type { Rom } from "@multitap/server/contract/roms";
import { MultitapError } from "../errors.ts";
import type { Client } from "../index.ts";
import type { BytesInput } from "../transfers/types.ts";
import { findChdOf } from "./chd-contents.ts";
import { loadPart } from "./failures.ts";
import { hashBytes } from "./hash-bytes.ts";
import { toSources } from "./inputs.ts";
import { hashForRa, isChd, type RaAnswer } from "./ra-hash.ts";
import { createPartProgress, type PartProgress } from "./rom-hashes.ts";
import type { HashTarget, Identified, NativeOptions } from "./types.ts";

/** Larger ones are discs, of which RetroAchievements' rules read a small part only. */
const CARTRIDGE_BYTES_MAX = 64 << 20;

type Marks = Readonly<Partial<Record<"md5_hash" | "sha1_hash" | "ra_hash", string>>>;

interface Asking {
  readonly client: Client;
  readonly signal: AbortSignal | undefined;
}

/** Asks the route that also looks into each game's files and CHDs; null when the library has none. */
async function ask({ client, signal }: Asking, marks: Marks): Promise<Rom | null> {
  const path = `/api/roms/by-hash?${new URLSearchParams(Object.entries(marks))}`;
  const response = await client.fetch(path, signal === undefined ? {} : { signal });
  if (response.ok) {
    const answer: unknown = await response.json().catch(() => null);
    if (typeof answer === "object" && answer !== null && "id" in answer && typeof answer.id === "number")
      return client.roms.get(answer.id, {}, { signal });
    throw new MultitapError("protocol", "ANSWER_NOT_OURS", {
      message: "The answer to a digest is not a game",
      details: { contentType: response.headers.get("content-type") },
      status: response.status,
    });
  }
  await response.body?.cancel();
  if (response.status === 404) return null;
  // Whatever is in the way (no permission, too many calls) this call meets as well: it waits or words it.
  const { sha1_hash: sha1, md5_hash: md5, ra_hash: raHash = "" } = marks;
  const mark = sha1 !== undefined ? { sha1 } : md5 !== undefined ? { md5 } : { raHash };
  return client.roms.find(mark, { signal });
}

/** The digest that a CHD holds of itself; null for other files, and for CHDs that hold none. */
async function findChdSha1(
  input: BytesInput | readonly BytesInput[],
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const [given] = Array.isArray(input) ? input : [input];
  const [source, ...others] = toSources(input);
  if (source === undefined || others.length > 0) return null;
  const known = given === undefined ? null : findChdOf(given);
  if (known !== null) return known.header.sha1;
  if (!(await isChd(source, signal))) return null;
  const { openChd } = await loadPart(import("@multitap/native/chd"));
  const chd = await openChd(source, { signal });
  try {
    return chd.header.sha1;
  } finally {
    await chd.close();
  }
}

async function findByBytes(asking: Asking, source: ByteSource, progress: PartProgress): Promise<Rom | null> {
  const { client, signal } = asking;
  const { crc32, md5, sha1 } = await hashBytes(source, ["crc32", "md5", "sha1"], {
    signal,
    onProgress: progress.report,
  });
  progress.endPart();
  const rom = await ask(asking, { sha1_hash: sha1, md5_hash: md5 });
  // For games that are listed by their checksum only; the size makes up for its shortness.
  return rom ?? client.roms.find({ crc32, sizeBytes: source.sizeBytes }, { signal });
}

/** Finds the game; what is thrown is not yet of our class. */
export async function identifyFiles(
  client: Client,
  input: BytesInput | readonly BytesInput[],
  options: NativeOptions & { readonly target?: Exclude<HashTarget, "detect"> | undefined },
): Promise<Identified | null> {
  const { signal, target = "detect" } = options;
  const asking: Asking = { client, signal };
  const sources = toSources(input);
  const largest = sources.reduce<ByteSource | null>(
    (best, source) => (best === null || source.sizeBytes > best.sizeBytes ? source : best),
    null,
  );
  if (largest === null) return null;
  const chdSha1 = await findChdSha1(input, signal);
  const chdRom = chdSha1 === null ? null : await ask(asking, { sha1_hash: chdSha1 });
  if (chdRom !== null) return { rom: chdRom, matchedBy: "chd", raConsoleId: null, raHash: null };

  const progress = createPartProgress(options.onProgress);
  let answer: RaAnswer = { raHash: null, raConsoleId: null };
  const byRa = async (): Promise<Identified | null> => {
    answer = await hashForRa(input, target, { ...options, progress });
    const rom = answer.raHash === null ? null : await ask(asking, { ra_hash: answer.raHash });
    return rom === null ? null : { rom, matchedBy: "ra", ...answer };
  };
  const byBytes = async (): Promise<Identified | null> => {
    const rom = await findByBytes(asking, largest, progress);
    return rom === null ? null : { rom, matchedBy: "bytes", ...answer };
  };
  const isDisc = chdSha1 !== null || sources.length > 1 || largest.sizeBytes > CARTRIDGE_BYTES_MAX;
  for (const find of isDisc ? [byRa, byBytes] : [byBytes, byRa]) {
    const found = await find();
    if (found !== null) return found;
  }
  return null;
}
