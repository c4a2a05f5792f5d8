import type { ByteSource } from "../host/byte-source.ts";
import { createHasher } from "../host/hash.ts";
import { hashRetroAchievements } from "../host/rahash/rahash.ts";
import { raRules } from "../host/rahash/rules/index.ts";
import { listCases } from "../vectors/ra/cases.ts";
import { type FuzzTarget, featureOf, type Outcome } from "./target.ts";

const INPUT_BYTES_MAX = 96 << 10;
const HEAD_BYTES = 2;

const consoles = [...raRules.keys()].sort((a, b) => a - b);
/** Extensions that say how a file is read; the rest are alike. */
const EXTENSIONS = [
  ...[
    "bin",
    "iso",
    "cue",
    "gdi",
    "chd",
    "m3u",
    "zip",
    "nes",
    "fds",
    "sfc",
    "n64",
    "z64",
    "nds",
    "3ds",
    "cia",
  ],
  ...[
    "cci",
    "cxi",
    "3dsx",
    "elf",
    "axf",
    "rvz",
    "wia",
    "wbfs",
    "gcz",
    "ciso",
    "cso",
    "zso",
    "dax",
    "dosz",
    "hex",
  ],
  ...["arduboy", "d88", "pce", "a78", "lnx", "sgx", "adf"],
] as const;

/** A source that counts how much was read of it, which stands for how far a rule got. */
function countingSource(bytes: Uint8Array, name: string) {
  const counts = { reads: 0, bytes: 0, furthest: 0 };
  const source: ByteSource = {
    name,
    sizeBytes: bytes.length,
    modifiedAt: null,
    async read(start, end) {
      counts.reads += 1;
      counts.bytes += end - start;
      counts.furthest = Math.max(counts.furthest, end);
      return bytes.slice(start, end);
    },
  };
  return { source, counts };
}

/**
 * Gives the target of the hash rules: the first byte chooses the console, the second the extension, the rest is the
 * file. There are no counters in TypeScript: what is kept is what ends otherwise or reads another amount.
 */
export function createRahashTarget(): FuzzTarget {
  return {
    name: "rahash",
    inputBytesMax: INPUT_BYTES_MAX,
    async listSeeds() {
      const seeds: Uint8Array[] = [];
      for (const { consoleId, entry, files } of listCases()) {
        const file = files[entry];
        const console = consoles.indexOf(consoleId);
        if (file === undefined || console < 0 || typeof file === "function") continue;
        const known = EXTENSIONS.findIndex((extension) => entry.endsWith(`.${extension}`));
        if (file.length <= INPUT_BYTES_MAX) {
          seeds.push(Uint8Array.from([console, Math.max(0, known), ...file]));
        }
      }
      return seeds;
    },
    async run(input): Promise<Outcome> {
      const consoleId = consoles[(input[0] ?? 0) % consoles.length] ?? 4;
      const extension = EXTENSIONS[(input[1] ?? 0) % EXTENSIONS.length];
      const { source, counts } = countingSource(input.slice(HEAD_BYTES), `input.${extension}`);
      const createMd5 = () => {
        const hasher = createHasher(["md5"]);
        return {
          update: (bytes: Uint8Array) => hasher.update(bytes),
          digestHex: () => hasher.digest().md5,
        };
      };
      const result = await hashRetroAchievements(source, consoleId, { createMd5 }).catch(
        (error: unknown) => error,
      );
      if (result instanceof Error || typeof result !== "object" || result === null) {
        return { problem: `threw ${String(result)}`, features: [] };
      }
      const outcome = result as Awaited<ReturnType<typeof hashRetroAchievements>>;
      // Not the message, which may hold names out of the input.
      const text = outcome.raHash === null ? outcome.reason : "hash";
      const isTyped = outcome.raHash === null || /^[0-9a-f]{32}$/.test(outcome.raHash);
      const sizes = [counts.reads, counts.bytes, counts.furthest];
      return {
        problem: isTyped ? null : `gave ${outcome.raHash}`,
        features: [featureOf(`${consoleId} ${text}`), featureOf(`${consoleId}`, ...sizes)],
      };
    },
  };
}
