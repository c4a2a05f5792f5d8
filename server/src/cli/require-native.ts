import { fileURLToPath } from "node:url";
import { NativeError } from "@multitap/native/errors";
import type { Terminal } from "./terminal.ts";

/**
 * Makes sure that the WebAssembly is built; a checkout that was never started by npm has none yet. The compiler runs
 * in a process of its own, so that its memory is gone afterwards.
 * @throws NativeError `NATIVE_NOT_BUILT` with the build's own message.
 */
export async function requireNative(terminal: Terminal, signal: AbortSignal): Promise<void> {
  // Loaded only here: no other command needs it.
  const { isBuilt } = await import("@multitap/native/build");
  if (await isBuilt()) return;
  terminal.note("Building the WebAssembly, this takes some seconds …");
  const program = fileURLToPath(import.meta.resolve("@multitap/native/build"));
  const options = { stdin: "ignore", stdout: "ignore", stderr: "pipe", signal } as const;
  const child = Bun.spawn([process.execPath, program], options);
  const [message, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  signal.throwIfAborted();
  if (exitCode !== 0) throw new NativeError("NATIVE_NOT_BUILT", message.trim());
}
