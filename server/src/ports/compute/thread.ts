import type { FromWorker, ToWorker } from "./protocol.ts";
import type { ComputeSettings } from "./settings.ts";

/** One worker thread as its lane sees it. */
export interface Thread {
  /** @throws DataCloneError when the message cannot be copied. */
  post(message: ToWorker): void;
  /** Tells the running task to stop, through shared memory. */
  cancel(taskId: number): void;
  /** Says whether the process waits for this thread; it does not at first. */
  hold(isHeld: boolean): void;
  /** Stops the thread without a word to its listeners, also in the middle of a task. */
  end(): void;
}

export interface ThreadListeners {
  receive(message: FromWorker): void;
  /** The thread ended by itself; it is gone. */
  lose(exitCode: number, message: string | null): void;
}

/** What is used of Bun's worker; the compiler takes the DOM's type, which has no `ref` and no close event. */
interface BunWorker {
  postMessage(message: ToWorker): void;
  addEventListener(type: "message", listener: (event: { readonly data: FromWorker }) => void): void;
  addEventListener(type: "error", listener: (event: { readonly message: string }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number }) => void): void;
  ref(): void;
  unref(): void;
  terminate(): void;
}

/** Starts a thread; it loads in the background and messages wait for it. */
export function startThread(entry: URL, settings: ComputeSettings, listeners: ThreadListeners): Thread {
  const cancelWord = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker: BunWorker = new Worker(entry, { name: "compute" }) as unknown as BunWorker;
  let isEnded = false;
  let lastError: string | null = null;

  worker.unref();
  worker.addEventListener("message", (event) => {
    if (!isEnded) listeners.receive(event.data);
  });
  // Bun gives the error with its stack as text in `message`, and always ends the thread after it.
  worker.addEventListener("error", (event) => {
    lastError = event.message;
  });
  worker.addEventListener("close", (event) => {
    if (isEnded) return;
    isEnded = true;
    listeners.lose(event.code, lastError);
  });

  const post = (message: ToWorker): void => worker.postMessage(message);
  post({ kind: "init", cancelWord: cancelWord.buffer, settings });
  return {
    post,
    cancel: (taskId) => void Atomics.store(cancelWord, 0, taskId),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    end() {
      isEnded = true;
      worker.terminate();
    },
  };
}
