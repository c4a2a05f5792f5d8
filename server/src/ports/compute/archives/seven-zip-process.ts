import { SEVEN_ZIP_MESSAGE_BYTES_MAX, SEVEN_ZIP_POLL_MS } from "../limits.ts";
import { DEFAULT_SETTINGS } from "../settings.ts";
import { type ArchiveContext, refuse } from "./archive.ts";
import { findSevenZip } from "./seven-zip-program.ts";

/** What one run of 7-Zip does. */
export interface SevenZipRun {
  readonly command: "l" | "x";
  /** How 7-Zip calls the format; it is never left to guess. */
  readonly type: "7z" | "rar" | "rar5" | "zip" | "bzip2" | "xz";
  readonly path: string;
}

/** Ended well; with 1 it only warns, of bytes behind the archive for instance. */
const EXIT_CODE_MAX = 1;

/**
 * Runs 7-Zip and gives what it writes, piece by piece; it writes no faster than the pieces are taken. Leaving the
 * loop early kills it.
 * @throws ArchiveRefusal `timed_out` when it is silent too long, `encrypted` or `damaged` when it fails,
 * `no_program` when there is none. TaskCancelled, with the program killed.
 */
export async function* runSevenZip(run: SevenZipRun, context: ArchiveContext): AsyncGenerator<Uint8Array> {
  await context.checkpoint();
  const child = start(run, context);
  const watch = watchChild(child, context);
  const errors = collectEnd(child.stderr);
  const reader = child.stdout.getReader();
  try {
    for (;;) {
      watch.isWaiting(true);
      const { value } = await reader.read();
      watch.isWaiting(false);
      if (value === undefined) break;
      await context.checkpoint();
      yield value;
    }
    const exitCode = await child.exited;
    watch.throwIfEnded();
    if (exitCode > EXIT_CODE_MAX || child.signalCode !== null) fail(exitCode, await errors);
  } finally {
    watch.stop();
    child.kill("SIGKILL");
    await reader.cancel();
    await Promise.all([child.exited, errors]);
  }
}

type Child = Bun.Subprocess<"ignore", "pipe", "pipe">;

function start({ command, type, path }: SevenZipRun, { settings = DEFAULT_SETTINGS }: ArchiveContext): Child {
  const program = findSevenZip(settings.sevenZipPath);
  if (program === null) return refuse("no_program", "needs 7-Zip, which was not found");
  // The path is one file, not a pattern: games are called `Q*bert`. An empty password, so that it does not ask for
  // one. A single thread: the other cores have other archives, and several need a multiple of the memory.
  const flags = ["-spd", "-bd", "-y", "-p", "-sccUTF-8", "-mmt=1", `-t${type}`];
  const output = command === "l" ? ["-slt"] : ["-so"];
  try {
    return Bun.spawn([program.path, command, ...output, ...flags, "--", path], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return refuse("no_program", `needs 7-Zip, and ${program.path} does not start`, error);
  }
}

/** Looks after a child while nothing of it arrives. */
function watchChild(child: Child, context: ArchiveContext) {
  const { sevenZipSilenceMs } = context.settings ?? DEFAULT_SETTINGS;
  let waitingSinceMs = Number.POSITIVE_INFINITY;
  let ended: { readonly reason: unknown } | null = null;
  let isSilent = false;
  const end = (reason: unknown): void => {
    ended ??= { reason };
    child.kill("SIGKILL");
  };
  const timer = setInterval(() => {
    const silentMs = performance.now() - waitingSinceMs;
    if (silentMs > sevenZipSilenceMs) isSilent = true;
    if (isSilent) child.kill("SIGKILL");
    else if (silentMs > 0) checkAside(context, end);
  }, SEVEN_ZIP_POLL_MS);
  return {
    isWaiting(isWaiting: boolean) {
      waitingSinceMs = isWaiting ? performance.now() : Number.POSITIVE_INFINITY;
    },
    throwIfEnded() {
      if (ended !== null) throw ended.reason;
      if (isSilent) refuse("timed_out", `took 7-Zip more than ${sevenZipSilenceMs} ms for the next byte`);
    },
    stop: () => clearInterval(timer),
  };
}

/** Asks outside the task's own flow whether it was cancelled. */
function checkAside(context: ArchiveContext, end: (reason: unknown) => void): void {
  try {
    context.checkpoint()?.catch(end);
  } catch (reason) {
    end(reason);
  }
}

function fail(exitCode: number, errors: string): never {
  // 7-Zip has one exit code for all of this; its text decides no more than the name of the failure.
  if (/encrypted|wrong password/i.test(errors)) return refuse("encrypted", "is encrypted");
  const lines = errors.split("\n").map((line) => line.trim());
  const reason = lines.findLast((line) => line !== "") ?? "it gave no reason";
  return refuse("damaged", `cannot be read by 7-Zip (exit code ${exitCode}: ${reason})`);
}

/** Reads a stream to its end and gives the end of its text. */
async function collectEnd(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream)
    text = (text + decoder.decode(bytes, { stream: true })).slice(-SEVEN_ZIP_MESSAGE_BYTES_MAX);
  return text;
}
