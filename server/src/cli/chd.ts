import { type ByteProgress, createByteProgress } from "./byte-progress.ts";
import { type Command, type CommandCall, createCommand } from "./command.ts";
import { CliError, toFailure } from "./errors.ts";
import { BAD_HUNKS_NAMED_MAX, DECODE_WORKERS_MAX } from "./limits.ts";
import { requireNative } from "./require-native.ts";
import { formatBytes, formatDuration, formatNumber } from "./scan-progress.ts";
import { parseWholeNumber } from "./usage.ts";

const parent = {
  kind: "text",
  placeholder: "FILE",
  help: "The CHD that this one was made against, for one that holds only what differs.",
} as const;
const workers = {
  kind: "text",
  placeholder: "N",
  help: "Threads that decode; one for each core unless said, 0 for none.",
} as const;

/** What all `chd` commands are asked. */
type ChdCall = CommandCall<{ readonly parent: typeof parent }>;

/** `chd info`: what a CHD's header and metadata say. */
export const chdInfo = createCommand({
  name: "chd info",
  summary: "Shows what a CHD holds, without decoding it; needs no server.",
  positionals: ["FILE"],
  options: { parent },
  async run(call) {
    const { withChd, describe } = await load(call);
    return await withChd(requestOf(call), async ({ chd }) => {
      const facts = describe.factsOf(chd);
      const { parentSha1, codecs } = chd.header;
      const metadata = describe.metadataFactsOf(chd);
      const { sha1, rawSha1 } = facts;
      const lines = [
        describe.formatHead(facts),
        `codecs: ${codecs.length === 0 ? "none" : codecs.join(", ")}`,
        ...describe.formatDigests({ sha1, "raw sha1": rawSha1, "parent sha1": parentSha1 }),
        ...facts.tracks.map(describe.formatTrack),
        ...metadata.map(describe.formatMetadata),
      ];
      return { json: { ...facts, parentSha1, codecs, metadata }, lines };
    });
  },
});

/** `chd verify`: reads everything. */
export const chdVerify = createCommand({
  name: "chd verify",
  summary: "Decodes all of a CHD and compares every checksum; needs no server.",
  positionals: ["FILE"],
  options: { parent, workers },
  notes: ["Exit code 1 when anything is damaged; --json then lists the damaged hunks."],
  async run(call) {
    const workerCount = readWorkerCount("chd verify", call.options.workers);
    const { withChd, describe } = await load(call);
    const startedAtMs = performance.now();
    const request = requestOf(call);
    return await withChd({ ...request, workerCount }, async ({ chd, workers: threads }) => {
      const label = `verifying ${request.path}`;
      const result = await withProgress(call, (progress) =>
        chd.verify({
          signal: request.signal,
          workers: threads,
          onProgress: (done) => progress.show({ label, ...done }),
        }),
      );
      const { isIntact, badHunks, sha1: logicalSha1 } = result;
      const facts = describe.factsOf(chd, logicalSha1);
      const json = { ...facts, isIntact, badHunks };
      const digests = describe.formatDigests({ "content sha1": logicalSha1 });
      const head = [describe.formatHead(facts), ...digests];
      if (!isIntact) return { json, lines: head, failure: toFailure(damageOf(request.path, result)) };
      return { json, lines: [...head, `intact, read in ${formatDuration(performance.now() - startedAtMs)}`] };
    });
  },
});

/** What `damageOf` needs of a verification. */
interface Damage {
  readonly badHunks: readonly number[];
  readonly badHunkCount: number;
  readonly mismatches: readonly string[];
}

function damageOf(path: string, { badHunks, badHunkCount, mismatches }: Damage): CliError {
  const named = badHunks.slice(0, BAD_HUNKS_NAMED_MAX).join(", ");
  const more = badHunkCount > BAD_HUNKS_NAMED_MAX ? ", …" : "";
  const hunks = `${formatNumber(badHunkCount)} ${badHunkCount === 1 ? "hunk is" : "hunks are"} bad (${named}${more})`;
  const digests = `its content does not match its own ${mismatches.join(" and ")}`;
  return new CliError("CHD_DAMAGED", `${path} is damaged: ${badHunkCount > 0 ? hunks : digests}`);
}

const extractOptions = {
  to: { kind: "text", placeholder: "FOLDER", help: "Where the files go; made if missing.", isRequired: true },
  format: {
    kind: "text",
    placeholder: "FORMAT",
    // Written out, because the list's own module is loaded only when it is needed.
    accepts: ["bin_cue", "iso", "gdi"],
    help: "What to write; follows from the content unless said.",
  },
  parent,
  workers,
  force: { kind: "flag", fallback: false, help: "Replace files that exist." },
} as const;

/** `chd extract`: the content as the files it was made of. */
export const chdExtract = createCommand({
  name: "chd extract",
  summary: "Writes what a CHD holds as cue, gdi or iso files; needs no server.",
  positionals: ["FILE"],
  options: extractOptions,
  notes: [
    "A CD becomes bin_cue, a GD-ROM gdi, a DVD or hard disk iso.",
    "The files appear when all of them are complete; a run that fails or is interrupted leaves none.",
  ],
  async run(call) {
    const workerCount = readWorkerCount("chd extract", call.options.workers);
    const { withChd, describe } = await load(call);
    const { extractFiles, findFormat, EXTRACT_FORMATS } = await import("./chd/extract.ts");
    const request = requestOf(call);
    const { path, parentPath, signal } = request;
    return await withChd({ ...request, workerCount }, async (opened) => {
      const { to, force } = call.options;
      const format = EXTRACT_FORMATS.find((each) => each === call.options.format) ?? findFormat(opened.chd);
      const files = await withProgress(call, (progress) =>
        extractFiles(opened, {
          format,
          folder: to ?? "",
          isForced: force,
          inputPaths: parentPath === null ? [path] : [path, parentPath],
          signal,
          onProgress: progress.show,
        }),
      );
      const lines = files.map(({ name, sizeBytes, sha1 }) => `${sha1}  ${name}  ${formatBytes(sizeBytes)}`);
      return { json: { ...describe.factsOf(opened.chd), format, files }, lines };
    });
  },
});

/** The `chd` commands, in the order of the help. */
export const CHD_COMMANDS: readonly Command[] = [chdInfo, chdVerify, chdExtract];

/** Loads what only these commands need, once the WebAssembly is there. */
async function load(call: ChdCall) {
  await requireNative(call.terminal, call.getInterruption().signal);
  const [{ withChd }, describe] = await Promise.all([
    import("./chd/open-file.ts"),
    import("./chd/describe.ts"),
  ]);
  return { withChd, describe };
}

function requestOf(call: ChdCall) {
  const [path = ""] = call.positionals;
  const { signal } = call.getInterruption();
  return { path, parentPath: call.options.parent, signal };
}

function readWorkerCount(command: string, text: string | null): number | null {
  return parseWholeNumber(text, { command, option: "workers", min: 0, max: DECODE_WORKERS_MAX });
}

async function withProgress<T>(call: ChdCall, work: (progress: ByteProgress) => Promise<T>): Promise<T> {
  const progress = createByteProgress(call.terminal, {
    isQuiet: call.options.json,
    now: () => performance.now(),
  });
  try {
    return await work(progress);
  } finally {
    progress.end();
  }
}
