import type { MultitapError } from "../errors.ts";
import { FOLLOW_RETRY_MAX_MS, FOLLOW_RETRY_MS } from "./limits.ts";

/** What holds for a follower. */
export interface FollowSettings {
  readonly quietMs: number;
  readonly everyMs: number;
}

/** Where a follower stands. */
export interface FollowState {
  readonly settings: FollowSettings;
  readonly phase: "running" | "settling" | "idle" | "offline" | "signed_out" | "ended";
  /** Something changed while a run went on, which may have been over it already. */
  readonly isDirty: boolean;
  /** When what settles began to change. */
  readonly settlingSinceMs: number;
  readonly failures: number;
}

/** What happened. */
export type FollowEvent =
  | { readonly type: "ended"; readonly error: MultitapError | null }
  | { readonly type: "changed" | "timer" | "online" | "signed_in" };

/** What is to be done about it. A new timer takes the place of the one before. */
export type FollowEffect =
  | { readonly type: "run" }
  | { readonly type: "timer"; readonly delayMs: number }
  | { readonly type: "wait"; readonly for: "change" | "connection" | "credentials" }
  | { readonly type: "fail"; readonly error: MultitapError };

/** What a step gives: where the follower stands now, and what is to be done, in order. */
export type FollowStepped = readonly [FollowState, readonly FollowEffect[]];

/** What never stops changing is looked at after so many quiet times at the latest. */
const SETTLING_MAX = 5;

/** Begins to follow: with a run. */
export function beginFollow(settings: FollowSettings): FollowStepped {
  const state = { settings, phase: "running", isDirty: false, settlingSinceMs: 0, failures: 0 } as const;
  return [state, [{ type: "run" }]];
}

/** Failures that pass: the follower tries again by itself. */
const PASSING: readonly string[] = [
  "network",
  "timeout",
  "unavailable",
  "upstream",
  "rate_limited",
  "internal",
  "storage_full",
];

/** Decides what follows an event; the same states and events always give the same effects. */
export function stepFollow(state: FollowState, event: FollowEvent, now: number): FollowStepped {
  if (state.phase === "ended") return [state, []];
  switch (event.type) {
    case "ended":
      return state.phase === "running" ? onEnded(state, event.error, now) : [state, []];
    case "changed":
      return onChanged(state, now);
    case "online":
      return state.phase === "offline" ? run(state) : [state, []];
    case "signed_in":
      return state.phase === "signed_out" ? run(state) : [state, []];
    case "timer":
      return state.phase === "running" ? [state, []] : run(state);
  }
}

function run(state: FollowState): FollowStepped {
  return [{ ...state, phase: "running", isDirty: false }, [{ type: "run" }]];
}

function onEnded(state: FollowState, error: MultitapError | null, now: number): FollowStepped {
  const { quietMs, everyMs } = state.settings;
  if (error === null) {
    const calm = { ...state, failures: 0 };
    if (state.isDirty) return settle(calm, now);
    return [
      { ...calm, phase: "idle" },
      [
        { type: "wait", for: "change" },
        { type: "timer", delayMs: everyMs },
      ],
    ];
  }
  if (error.kind === "unauthenticated") {
    return [
      { ...state, phase: "signed_out" },
      [
        { type: "wait", for: "credentials" },
        { type: "timer", delayMs: everyMs },
      ],
    ];
  }
  if (!PASSING.includes(error.kind)) return [{ ...state, phase: "ended" }, [{ type: "fail", error }]];
  const pauseMs = Math.min(FOLLOW_RETRY_MS * 2 ** state.failures, FOLLOW_RETRY_MAX_MS);
  const delayMs = Math.max(pauseMs, error.retryAfterMs ?? 0, quietMs);
  return [
    { ...state, phase: "offline", failures: Math.min(state.failures + 1, 10) },
    [
      { type: "wait", for: "connection" },
      { type: "timer", delayMs },
    ],
  ];
}

function settle(state: FollowState, now: number): FollowStepped {
  const { quietMs } = state.settings;
  return [{ ...state, phase: "settling", settlingSinceMs: now }, [{ type: "timer", delayMs: quietMs }]];
}

function onChanged(state: FollowState, now: number): FollowStepped {
  if (state.phase === "running") return [{ ...state, isDirty: true }, []];
  if (state.phase === "idle") return settle(state, now);
  // What waits for the server has to wait for it with this change as well.
  if (state.phase !== "settling") return [state, []];
  const { quietMs } = state.settings;
  const leftMs = state.settlingSinceMs + SETTLING_MAX * quietMs - now;
  return [state, [{ type: "timer", delayMs: Math.max(0, Math.min(quietMs, leftMs)) }]];
}
