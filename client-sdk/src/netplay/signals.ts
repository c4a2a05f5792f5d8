import { readJson } from "./wire.ts";

/** What two players tell each other over the relay until they have a path of their own; JSON within SIGNAL. */
export type Signal =
  | { readonly kind: "offer" | "answer"; readonly attempt: number; readonly sdp: string }
  | { readonly kind: "candidate"; readonly attempt: number; readonly candidate: object }
  /** `end`: this attempt is over. `no`: there will be none. */
  | { readonly kind: "end" | "no"; readonly attempt: number };

/** The bytes of a signal. */
export function formatSignalJson(signal: Signal): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(signal));
}

/** Reads what another player sent, who may send anything; null for what is no signal. */
export function readSignal(bytes: Uint8Array): Signal | null {
  const value = readJson(bytes) as Partial<Record<"kind" | "attempt" | "sdp" | "candidate", unknown>> | null;
  if (value === null || typeof value !== "object" || typeof value.attempt !== "number") return null;
  const { kind, attempt, sdp, candidate } = value;
  if (kind === "end" || kind === "no") return { kind, attempt };
  if ((kind === "offer" || kind === "answer") && typeof sdp === "string") return { kind, attempt, sdp };
  const isCandidate = kind === "candidate" && typeof candidate === "object" && candidate !== null;
  return isCandidate ? { kind, attempt, candidate } : null;
}
