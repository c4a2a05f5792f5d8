import { describe, expect, spyOn, test } from "bun:test";
import { callListener, createObservable } from "./listeners.ts";

const isSame = (a: number, b: number) => a === b;

describe("an observable", () => {
  test("tells every listener of each change, and of nothing else", () => {
    const value = createObservable<number>(1, isSame);
    const heard: string[] = [];
    value.onChange((next) => heard.push(`a${next}`));
    const stop = value.onChange((next) => heard.push(`b${next}`));
    value.set(1);
    value.set(2);
    stop();
    stop();
    value.set(3);
    expect(heard).toEqual(["a2", "b2", "a3"]);
    expect(value.value).toBe(3);
  });

  test("lets the same function listen twice", () => {
    const value = createObservable<number>(1, isSame);
    let count = 0;
    const listener = () => void count++;
    const stop = value.onChange(listener);
    value.onChange(listener);
    value.set(2);
    stop();
    value.set(3);
    expect(count).toBe(3);
  });
});

describe("callListener", () => {
  test("lets what a listener throws surface later, without breaking the caller", () => {
    const later: (() => void)[] = [];
    const spy = spyOn(globalThis, "queueMicrotask").mockImplementation((run) => void later.push(run));
    const bug = new Error("a bug of the app");
    callListener(() => {
      throw bug;
    });
    spy.mockRestore();
    expect(later).toHaveLength(1);
    expect(later[0]).toThrow(bug);
  });
});
