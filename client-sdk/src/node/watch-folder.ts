import { stat, watch } from "node:fs/promises";
import { join } from "node:path";
import { hasFsCode } from "./durable.ts";
import { OWN_FOLDER } from "./swap.ts";

/** How long changes are gathered before they are told. */
const GATHER_MS = 200;
/** How often a folder that is not there is looked for. */
const LOOK_AGAIN_MS = 1_000;

/** What listeners tell, and what waits for it. */
interface Hints {
  readonly signal: AbortSignal;
  add(path: string): void;
  fail(thrown: unknown): void;
}

/** Tells paths below some folders as they change, several at once; only hints. Folders that are missing are waited for. */
export async function* watchFolders(
  roots: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<readonly string[], void> {
  let paths = new Set<string>();
  let failure: { readonly thrown: unknown } | null = null;
  let wake = (): void => undefined;
  const hints: Hints = {
    signal,
    add(path) {
      paths.add(path);
      wake();
    },
    fail(thrown) {
      failure ??= { thrown };
      wake();
    },
  };
  const listeners = roots.map((root) => listen(root, hints));
  signal.addEventListener("abort", () => wake(), { once: true });
  while (!signal.aborted) {
    if (failure !== null) throw (failure as { readonly thrown: unknown }).thrown;
    if (paths.size > 0) {
      await pause(GATHER_MS, signal);
      const told = [...paths];
      paths = new Set();
      yield told;
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  await Promise.all(listeners);
}

async function listen(root: string, { signal, add, fail }: Hints): Promise<void> {
  let wasMissing = false;
  while (!signal.aborted) {
    try {
      await stat(root);
      // What happened before it is listened to is told by the folder itself.
      if (wasMissing) add(root);
      for await (const { filename } of watch(root, { recursive: true, signal })) {
        if (filename?.split(/[/\\]/).includes(OWN_FOLDER)) continue;
        add(filename === null ? root : join(root, filename));
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (!hasFsCode(thrown, "ENOENT")) return fail(thrown);
    }
    // Not there yet, or gone: a card that is put in, a folder that the first save makes.
    wasMissing = true;
    await pause(LOOK_AGAIN_MS, signal);
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal.addEventListener("abort", end);
  });
}
