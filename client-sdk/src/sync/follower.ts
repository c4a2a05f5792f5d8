import type { ClientParts } from "../client-parts.ts";
import { type MultitapError, toStorageError } from "../errors.ts";
import { toClientError } from "../http/calls.ts";
import type { Client } from "../index.ts";
import { beginFollow, type FollowEffect, type FollowEvent, stepFollow } from "./follow-step.ts";
import { EVENTS_WAITING_MAX, LOOK_EVERY_MS, QUIET_MS } from "./limits.ts";
import type { FollowOptions, SyncEngine, SyncEvent, SyncOptions } from "./types.ts";

/** What a follower needs. */
export interface FollowScene {
  readonly client: Client;
  readonly parts: ClientParts;
  readonly options: SyncOptions;
  readonly run: SyncEngine["run"];
}

/** Runs now and after each change, for as long as the loop goes on. */
export function followStore(scene: FollowScene, options: FollowOptions): AsyncIterable<SyncEvent> {
  return { [Symbol.asyncIterator]: () => follow(scene, options) };
}

async function* follow(scene: FollowScene, options: FollowOptions): AsyncGenerator<SyncEvent, void> {
  const follower = startFollower(scene, options);
  try {
    for (;;) {
      const event = await follower.next();
      if (event === null) return;
      yield event;
    }
  } finally {
    await follower.stop();
  }
}

interface Follower {
  /** The next event; null at the end. */
  next(): Promise<SyncEvent | null>;
  /** Resolves once nothing is under way. */
  stop(): Promise<void>;
}

/** Events on their way to a reader that may be slow. */
function createOutlet() {
  const events: SyncEvent[] = [];
  let wake = (): void => undefined;
  return {
    push(event: SyncEvent) {
      // Progress is worth nothing to a reader that is so far behind; everything else is bounded by the saves there are.
      if (event.type === "transferring" && events.length >= EVENTS_WAITING_MAX) return;
      events.push(event);
      wake();
    },
    take: () => events.shift(),
    wake: () => wake(),
    wait: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
  };
}

function startFollower(
  scene: FollowScene,
  { signal, quietMs = QUIET_MS, everyMs = LOOK_EVERY_MS }: FollowOptions,
): Follower {
  const { environment } = scene.parts;
  const ending = new AbortController();
  const outlet = createOutlet();
  let running: Promise<void> = Promise.resolve();
  let failure: MultitapError | null = null;
  let wantsRun = false;
  let stopTimer = (): void => undefined;

  const end = (error: MultitapError | null) => {
    failure ??= error;
    ending.abort();
    outlet.wake();
  };
  let [state, effects] = beginFollow({ quietMs, everyMs });
  const dispatch = (event: FollowEvent) => {
    if (ending.signal.aborted) return;
    [state, effects] = stepFollow(state, event, environment.now());
    for (const effect of effects) apply(effect);
  };
  const apply = (effect: FollowEffect) => {
    if (effect.type === "run") {
      // Begun by the reader, once it has read everything: what it does not read must not pile up.
      wantsRun = true;
      outlet.wake();
    } else if (effect.type === "timer") {
      stopTimer();
      stopTimer = environment.startTimer(() => dispatch({ type: "timer" }), effect.delayMs);
    } else if (effect.type === "wait") outlet.push({ type: "waiting", for: effect.for });
    else end(effect.error);
  };
  const begin = () => {
    wantsRun = false;
    stopTimer();
    running = scene.run({ signal: ending.signal, onEvent: outlet.push }).then(
      () => dispatch({ type: "ended", error: null }),
      (thrown: unknown) => dispatch({ type: "ended", error: toClientError(thrown) }),
    );
  };
  const onAbort = () => end(null);
  const stopListening = listen(scene, { signal: ending.signal, dispatch, onAbort, outer: signal });
  for (const effect of effects) apply(effect);
  return {
    async next() {
      for (;;) {
        if (ending.signal.aborted && failure !== null) throw failure;
        if (ending.signal.aborted) return null;
        const event = outlet.take();
        if (event !== undefined) return event;
        if (wantsRun) begin();
        await outlet.wait();
      }
    },
    async stop() {
      ending.abort();
      stopTimer();
      stopListening();
      await running;
    },
  };
}

interface Listening {
  readonly signal: AbortSignal;
  readonly outer: AbortSignal;
  dispatch(event: FollowEvent): void;
  onAbort(): void;
}

/** Hears of changes on both sides, and of what ends a pause. */
function listen(
  { client, parts, options }: FollowScene,
  { signal, outer, dispatch, onAbort }: Listening,
): () => void {
  const { deviceId, store } = options;
  const { lifetime } = parts;
  for (const each of [outer, lifetime]) {
    if (each.aborted) onAbort();
    each.addEventListener("abort", onAbort, { once: true });
  }
  // Hints are a comfort: without them the next look comes by the clock.
  const tellEnd = (error: MultitapError | null) => {
    if (error !== null && !signal.aborted && error.kind !== "aborted") parts.emit({ type: "failure", error });
  };
  const events = client.events(["saves"]);
  const stopEvents = events.subscribe((event) => {
    const isOwn = event.topic === "saves" && event.data.originDeviceId === deviceId;
    if (!isOwn) dispatch({ type: "changed" });
  }, tellEnd);
  const stopConnection = client.connection.onChange(({ status }) => {
    if (status === "online") dispatch({ type: "online" });
  });
  const stopAuth = client.auth.onChange(({ status }) => {
    if (status === "signed_in") dispatch({ type: "signed_in" });
  });
  if (store.watch !== undefined) {
    void watch(store.watch(signal), () => dispatch({ type: "changed" })).catch((thrown: unknown) =>
      tellEnd(toStorageError(thrown, "Watching the store")),
    );
  }
  return () => {
    for (const each of [outer, lifetime]) each.removeEventListener("abort", onAbort);
    stopEvents();
    stopConnection();
    stopAuth();
  };
}

async function watch(hints: AsyncIterable<readonly string[]>, onHint: () => void): Promise<void> {
  for await (const keys of hints) if (keys.length > 0) onHint();
}
