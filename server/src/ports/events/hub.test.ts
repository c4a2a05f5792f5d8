// A log that grows while it is read is read again.
import { expect, test } from "bun:test";
import { createFeedHub } from "./hub.ts";

/** A log whose answers are given one by one, by the test. */
function openLog() {
  const asked: ((rows: readonly object[]) => void)[] = [];
  const sql = (texts: TemplateStringsArray) =>
    texts.join("").includes("min(id)")
      ? Promise.resolve([{ first: "1", last: "1" }])
      : new Promise<readonly object[]>((resolve) => asked.push(resolve));
  return { asked, hub: createFeedHub(sql as never) };
}

const row = (id: number) => ({ id: String(id), at: new Date(0), topic: "library", user_id: null, data: {} });

test("reads once more when it was told of news while it read", async () => {
  const { asked, hub: opening } = openLog();
  const hub = await opening;
  const first = hub.pull();
  // Committed behind what the first reading saw, announced before its answer came.
  void hub.pull();
  asked[0]?.([row(2)]);
  await Bun.sleep(0);
  expect(asked.length).toBe(2);
  asked[1]?.([row(3)]);
  await first;
  expect(asked.length).toBe(2);
});

test("reads once when nothing came in between", async () => {
  const { asked, hub: opening } = openLog();
  const hub = await opening;
  const only = hub.pull();
  asked[0]?.([row(2)]);
  await only;
  expect(asked.length).toBe(1);
});
