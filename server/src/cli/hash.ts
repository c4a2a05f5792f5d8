import { createByteProgress } from "./byte-progress.ts";
import { type CommandCall, createCommand } from "./command.ts";
import type { FileHashes, RaTarget } from "./hash/hash-file.ts";
import { requireNative } from "./require-native.ts";
import { parseWholeNumber, usageError } from "./usage.ts";

const options = {
  platform: {
    kind: "text",
    placeholder: "SLUG",
    help: "The platform whose RetroAchievements hash is wanted, such as snes.",
  },
  "ra-console": {
    kind: "text",
    placeholder: "N",
    help: "The same by RetroAchievements' own id of the console.",
  },
} as const;

/** Above RetroAchievements' own ids, which end below 110. */
const CONSOLE_ID_MAX = 9_999;

/** `hash`: digests of a file and its RetroAchievements hash, without a server. */
export const hash = createCommand({
  name: "hash",
  summary: "Prints CRC-32, MD5, SHA-1 and the RetroAchievements hash of a file; needs no server.",
  positionals: ["FILE"],
  options,
  notes: [
    "The digests are of the file's own bytes. The RetroAchievements hash is of what is in it: CHD, ZIP, and the files " +
      "beside a cue, gdi or m3u are read.",
    "Without a console the file's extension and content decide, as RetroAchievements' own clients guess.",
  ],
  async run(call) {
    const [path = ""] = call.positionals;
    const target = await readTarget(call.options);
    const { signal } = call.getInterruption();
    await requireNative(call.terminal, signal);
    const { hashFile } = await import("./hash/hash-file.ts");
    const progress = createByteProgress(call.terminal, {
      isQuiet: call.options.json,
      now: () => performance.now(),
    });
    try {
      const hashes = await hashFile(path, target, { signal, onProgress: progress.show });
      const { crc32, md5, sha1, ra, raConsoleId } = hashes;
      return { json: { crc32, md5, sha1, ra, raConsoleId }, lines: await describe(hashes, target) };
    } finally {
      progress.end();
    }
  },
});

async function readTarget(given: CommandCall<typeof options>["options"]): Promise<RaTarget> {
  const number = parseWholeNumber(given["ra-console"], {
    command: "hash",
    option: "ra-console",
    min: 1,
    max: CONSOLE_ID_MAX,
  });
  if (given.platform !== null && number !== null)
    throw usageError("hash", "--platform and --ra-console exclude each other");
  if (number !== null) return { kind: "console", consoleId: number };
  if (given.platform === null) return { kind: "detect" };
  const { findPlatformFacts } = await import("../platforms/rules.ts");
  const facts = findPlatformFacts(given.platform);
  if (facts === null) {
    const what = `--platform is ${JSON.stringify(given.platform)}; accepted: the slug of a platform, such as snes`;
    throw usageError("hash", what);
  }
  if (facts.raConsoleId === null)
    return { kind: "none", reason: `RetroAchievements has no hash for ${facts.name}` };
  return { kind: "console", consoleId: facts.raConsoleId };
}

async function describe(hashes: FileHashes, target: RaTarget): Promise<readonly string[]> {
  const { crc32, md5, sha1, ra, raConsoleId, raMissing } = hashes;
  const { listPlatformFacts } = await import("../platforms/rules.ts");
  const known = listPlatformFacts().find((facts) => facts.raConsoleId === raConsoleId);
  const name = known === undefined ? "" : `${known.name}, `;
  const isGuessed = target.kind === "detect" ? ", guessed" : "";
  const about = raConsoleId === null ? "" : ` (${name}console ${raConsoleId}${isGuessed})`;
  // The reason may quote names out of a sheet, which could steer the terminal.
  const shown = ra ?? `none: ${raMissing?.replace(/\p{Cc}/gu, "?")}`;
  return [`crc32  ${crc32}`, `md5    ${md5}`, `sha1   ${sha1}`, `ra     ${shown}${about}`];
}
