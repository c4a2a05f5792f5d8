import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";

/** One of our programs in a process of its own, which is talked to by messages. */
export interface TalkingChild {
  readonly pid: number;
  /**
   * The next message of the child; the one sent to it is its cause. Null sends nothing.
   * @throws BenchError when it ends instead.
   */
  ask<T>(order: unknown): Promise<T>;
}

/** Starts it; messages are JSON, since one may run under Node. */
export function startTalkingChild(cleanup: Cleanup, command: readonly string[]): TalkingChild {
  let onMessage: ((message: unknown) => void) | null = null;
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    serialization: "json",
    ipc: (message) => onMessage?.(message),
  });
  cleanup.add(async () => {
    child.kill();
    await child.exited;
  });
  return {
    pid: child.pid,
    async ask<T>(order: unknown) {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      onMessage = resolve;
      if (order !== null) child.send(order);
      const ended = child.exited.then((code) => {
        throw new BenchError(`${command.join(" ")} ended with ${code}`);
      });
      return (await Promise.race([promise, ended])) as T;
    },
  };
}
