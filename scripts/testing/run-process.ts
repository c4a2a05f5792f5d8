/** How long a program that was asked to stop may take; the test runner stops a database in that time. */
const STOP_TIMEOUT_MS = 15_000;
/** Of a longer output only the end is kept: that is where programs say what failed. */
const OUTPUT_CHARACTERS_MAX = 4_000_000;
/** What shells answer for a program that took too long. */
const EXIT_TIMED_OUT = 124;

export interface ProcessOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly timeoutMs: number;
  /** When it fires the program is stopped: first asked, after 15 s killed. */
  readonly signal?: AbortSignal | undefined;
  /** `keep` collects the output for the result, `show` passes it on as it comes. */
  readonly output: "keep" | "show";
}

export interface ProcessResult {
  /** The program's own; 124 when it took too long, 128 and more when a signal ended it. */
  readonly exitCode: number;
  /** Standard output and error as they came, at most their last 4,000,000 characters; empty with `show`. */
  readonly output: string;
}

async function collect(stream: ReadableStream<Uint8Array>, append: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) append(decoder.decode(bytes, { stream: true }));
}

/**
 * Runs a program to its end with nothing on its standard input. It never outlives the call: when the time is
 * over or `signal` fires it gets SIGTERM, and SIGKILL 15 s later.
 */
export async function runProcess(
  command: readonly string[],
  options: ProcessOptions,
): Promise<ProcessResult> {
  const mode = options.output === "keep" ? "pipe" : "inherit";
  const child = Bun.spawn([...command], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdin: "ignore",
    stdout: mode,
    stderr: mode,
  });
  let output = "";
  const append = (text: string) => {
    output = (output + text).slice(-OUTPUT_CHARACTERS_MAX);
  };
  let killTimer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    child.kill("SIGTERM");
    killTimer ??= setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  };
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    append(`\nstopped after ${options.timeoutMs / 1000} s\n`);
    stop();
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted === true) stop();
  try {
    const streams = [child.stdout, child.stderr].filter((stream) => stream instanceof ReadableStream);
    await Promise.all(streams.map((stream) => collect(stream, append)));
    const exitCode = await child.exited;
    return { exitCode: isTimedOut ? EXIT_TIMED_OUT : exitCode, output };
  } finally {
    clearTimeout(timer);
    clearTimeout(killTimer);
    options.signal?.removeEventListener("abort", stop);
  }
}

/**
 * Turns SIGINT and SIGTERM of this process into an abort, so that what it started can be stopped first.
 * @returns The signal, and the exit code that shells expect after it (130 or 143; 0 while none came).
 */
export function stopOnSignals(): { readonly signal: AbortSignal; readonly exitCode: () => number } {
  const controller = new AbortController();
  let exitCode = 0;
  const listen = (name: "SIGINT" | "SIGTERM", code: number) => {
    process.on(name, () => {
      exitCode ||= code;
      controller.abort();
    });
  };
  listen("SIGINT", 130);
  listen("SIGTERM", 143);
  return { signal: controller.signal, exitCode: () => exitCode };
}
