import { describe, expect, test } from "bun:test";
import { MultitapError } from "../errors.ts";
import { failureOf } from "../testing/failure-of.ts";
import { createStream, type StreamSink } from "./stream.ts";
import type { StreamOptions } from "./types.ts";

function setUp(options: StreamOptions = {}) {
  const sinks: StreamSink<number>[] = [];
  const starts: (string | null)[] = [];
  let stopped = 0;
  const stream = createStream<number>(
    {
      start(sink, resumeFrom) {
        sinks.push(sink);
        starts.push(resumeFrom);
        return () => void stopped++;
      },
      replace: (dropped) => -dropped.length,
      idOf: (event) => (event < 0 ? null : String(event)),
    },
    options,
  );
  return { stream, sinks, starts, stopped: () => stopped };
}

const iterate = (stream: AsyncIterable<number>) => stream[Symbol.asyncIterator]();

describe("a stream", () => {
  test("opens nothing before it is read", () => {
    const { stream, sinks } = setUp();
    expect(sinks).toHaveLength(0);
    iterate(stream);
    expect(sinks).toHaveLength(1);
  });

  test("gives events in order, whether they or the readers come first", async () => {
    const { stream, sinks } = setUp();
    const reader = iterate(stream);
    sinks[0]?.push(1);
    const waiting = [reader.next(), reader.next(), reader.next()];
    sinks[0]?.push(2);
    sinks[0]?.push(3);
    expect((await Promise.all(waiting)).map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(stream.lastEventId).toBe("3");
  });

  test("replaces what a slow reader has no room for", async () => {
    const { stream, sinks } = setUp({ bufferMax: 3 });
    const reader = iterate(stream);
    for (let event = 1; event <= 5; event++) sinks[0]?.push(event);
    const values = [await reader.next(), await reader.next()].map(({ value }) => value);
    expect(values).toEqual([-4, 5]);
  });

  test("counts an event as seen when it is handed out, not when it waits", async () => {
    const { stream, sinks } = setUp({ resumeFrom: "0" });
    const reader = iterate(stream);
    sinks[0]?.push(1);
    sinks[0]?.push(2);
    await reader.next();
    expect(stream.lastEventId).toBe("1");
  });

  test("goes on after the last event when it is read again", async () => {
    const { stream, sinks, starts, stopped } = setUp({ resumeFrom: "41" });
    for await (const event of {
      [Symbol.asyncIterator]: () => {
        const it = iterate(stream);
        sinks[0]?.push(42);
        return it;
      },
    }) {
      expect(event).toBe(42);
      break;
    }
    expect(stopped()).toBe(1);
    iterate(stream);
    expect(starts).toEqual(["41", "42"]);
  });

  test("ends all its readers in order when closed, after what was received", async () => {
    const { stream, sinks, stopped } = setUp();
    const reader = iterate(stream);
    const ends: unknown[] = [];
    stream.subscribe(
      () => undefined,
      (error) => ends.push(error),
    );
    sinks[0]?.push(1);
    stream.close();
    expect([await reader.next(), await reader.next()]).toEqual([
      { done: false, value: 1 },
      { done: true, value: undefined },
    ]);
    expect(ends).toEqual([null]);
    expect(stopped()).toBe(2);
  });

  test("ends with the abort of its signal at once, then is over", async () => {
    const controller = new AbortController();
    const { stream, sinks, stopped } = setUp({ signal: controller.signal });
    const reader = iterate(stream);
    sinks[0]?.push(1);
    controller.abort("enough");
    const error = await failureOf(reader.next());
    expect([error.kind, error.cause]).toEqual(["aborted", "enough"]);
    expect((await reader.next()).done).toBe(true);
    expect(stopped()).toBe(1);
  });

  test("opens nothing for a signal that was aborted before", async () => {
    const { stream, sinks } = setUp({ signal: AbortSignal.abort() });
    expect((await failureOf(iterate(stream).next())).kind).toBe("aborted");
    expect(sinks).toHaveLength(0);
  });

  test("rejects one reader with what ended it, after what was received", async () => {
    const { stream, sinks } = setUp();
    const reader = iterate(stream);
    sinks[0]?.push(1);
    sinks[0]?.end(new MultitapError("forbidden", "X", { message: "x" }));
    sinks[0]?.push(2);
    expect((await reader.next()).value).toBe(1);
    expect((await failureOf(reader.next())).kind).toBe("forbidden");
    expect((await reader.next()).done).toBe(true);
  });

  test("lets a listener stop by itself", () => {
    const { stream, sinks, stopped } = setUp();
    const heard: number[] = [];
    const stop = stream.subscribe((event) => heard.push(event));
    sinks[0]?.push(1);
    stop();
    stop();
    sinks[0]?.push(2);
    expect(heard).toEqual([1]);
    expect(stopped()).toBe(1);
  });
});
