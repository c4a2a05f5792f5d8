import { type Environment, toInstant } from "../environment.ts";
import type { Hub } from "./hub.ts";
import { isGap, type StreamMessage } from "./messages.ts";
import { createStream } from "./stream.ts";
import type { EventStream, GapEvent, StreamOptions, Topic, TopicEvent } from "./types.ts";

/** What a stream of events needs of the client. */
export interface EventParts {
  readonly hub: Hub;
  readonly environment: Environment;
}

/** Makes the stream of the given topics over the client's one connection. */
export function createEvents<T extends Topic>(
  { hub, environment }: EventParts,
  topics: readonly T[],
  options: StreamOptions | undefined,
): EventStream<TopicEvent<T> | GapEvent> {
  const wanted: ReadonlySet<string> = new Set(topics);
  type Told = TopicEvent<T> | GapEvent;
  return createStream<Told>(
    {
      start: (sink, resumeFrom) =>
        hub.attach({
          topics: wanted,
          resumeFrom,
          onMessage: (message) => isTold<T>(message, wanted) && sink.push(message),
          onEnd: sink.end,
        }),
      replace: (dropped) => ({
        id: dropped.at(-1)?.id ?? "",
        topic: "gap",
        at: toInstant(environment.now()),
        reason: "overflow",
      }),
      idOf: (event) => (event.id === "" ? null : event.id),
    },
    options,
  );
}

/** The server is taken at its word for what a topic carries. */
function isTold<T extends Topic>(
  message: StreamMessage,
  wanted: ReadonlySet<string>,
): message is (TopicEvent<T> | GapEvent) & StreamMessage {
  return isGap(message) || wanted.has(message.topic);
}
