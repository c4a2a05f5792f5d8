import { type AnyMultitapError, isMultitapError } from "@multitap/client";

/** A failure in words: what happened, and what to do. */
export interface Problem {
  readonly text: string;
  readonly advice: string;
}

const RETRY = "Try again in a moment.";

type Words = { readonly [K in AnyMultitapError["kind"]]: readonly [text: string | null, advice: string] };

/** By kind; where the text is null, the server's own words say it better. */
const WORDS: Words = {
  invalid: [null, "Change what you entered and try again."],
  unauthenticated: ["You are not signed in, or your sign-in has ended.", "Sign in again."],
  forbidden: ["Your account may not do this.", "Ask an administrator for the permission."],
  not_found: [null, "It may have been removed meanwhile. Reload the page."],
  conflict: [null, "Reload the page to see how it stands now, then decide again."],
  too_large: ["This file is larger than the server takes.", "Choose a smaller one, or ask an administrator."],
  unsupported: [null, "Choose another file."],
  rate_limited: ["That was tried too often.", RETRY],
  upstream: ["Another service that the server asked has failed.", RETRY],
  unavailable: ["The server is starting, or has too much to do.", RETRY],
  storage_full: ["The server's disk is full.", "Free space on it, or ask an administrator to."],
  internal: ["The server made a mistake.", "Try again. If it stays, look into the server's log."],
  network: ["The server does not answer.", "Check that it runs and that you are online, then try again."],
  timeout: ["The server took too long to answer.", RETRY],
  aborted: ["This was given up.", RETRY],
  protocol: [
    "Something else than Multitap answered, such as a proxy in front of it.",
    "Reload the page. If it stays, look at the proxy's settings.",
  ],
  incompatible: ["This page and the server have different versions.", "Reload the page."],
  storage: ["The browser could not keep the file.", "Free space on this device and try again."],
};

/** Codes that deserve words of their own. */
const CODES: Readonly<Record<string, readonly [text: string, advice: string]>> = {
  SAVES_SLOT_NEWER: [
    "Another device stored a newer version meanwhile.",
    "Look at it, then upload yours on top of it; both stay.",
  ],
  SCAN_RUNNING: ["A scan is under way already.", "Wait until it has ended, or cancel it."],
  SETUP_DONE: ["This server is set up already.", "Sign in."],
};

/** Says what failed; null for what was given up on purpose. */
export function describeProblem(error: unknown): Problem | null {
  if (!isMultitapError(error)) {
    const text = error instanceof Error ? error.message : String(error);
    return { text: `The page made a mistake: ${text}`, advice: "Reload the page." };
  }
  if (error.kind === "aborted") return null;
  const [text, advice] = CODES[error.code] ?? WORDS[error.kind];
  return { text: text ?? endSentence(error.message), advice: adviceFor(error, advice) };
}

function adviceFor(error: AnyMultitapError, advice: string): string {
  const pauseMs = error.retryAfterMs ?? 0;
  if (error.kind === "rate_limited" && pauseMs > 1_000)
    return `Try again in ${Math.ceil(pauseMs / 1000)} seconds.`;
  if (error.kind === "internal" && error.requestId !== null)
    return `${advice} It is there as request ${error.requestId}.`;
  return advice;
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
