import { describe, expect, test } from "bun:test";
import { failureOf } from "../testing/failure-of.ts";
import { makeBytes } from "../testing/fixtures.ts";
import { settle } from "../testing/manual-environment.ts";
import { SNAPSHOT_BYTES_MAX, SNAPSHOT_TIMEOUT_MS } from "./limits.ts";
import { createScene, inputOf, listen, OPEN } from "./scene.testing.ts";
import { createDownload } from "./snapshots.ts";

const PART = 65_536;

/** An owner, and what the relay got of it. */
async function openOwner() {
  const scene = createScene();
  const ana = await scene.netplay().open(OPEN);
  const sent = (type: number) => scene.relay.at(0).sent.filter((message) => message.type === type);
  return { ...scene, ana, sent };
}

describe("sending a snapshot", () => {
  test("gives who joins the state, and the inputs since", async () => {
    const { ana, relay, netplay } = await openOwner();
    const state = makeBytes(5 * 1024 * 1024 + 1);
    for (let frame = 0; frame < 10; frame++) ana.sendInput(frame, inputOf(frame));
    ana.on("snapshotWanted", () => void ana.sendSnapshot(5, state));
    const ben = await netplay().join(ana.invite);
    const snapshots = listen(ben, "snapshot");
    await settle();
    expect(snapshots).toHaveLength(1);
    expect(snapshots[0]).toMatchObject({ frame: 5, fromSeat: 0 });
    expect(Buffer.compare(snapshots[0]?.bytes ?? new Uint8Array(), state)).toBe(0);
    expect([ben.inputAt(4, 0), ben.inputAt(5, 0), ben.inputAt(9, 0)]).toEqual([null, inputOf(5), inputOf(9)]);
    expect(relay.snapshot?.frame).toBe(5);
  });

  test("that comes before anybody listens is kept for the first", async () => {
    const { ana, netplay } = await openOwner();
    await ana.sendSnapshot(0, new Uint8Array([1, 2, 3]));
    ana.sendInput(0, inputOf(0));
    await settle();
    const ben = await netplay().join(ana.invite);
    await settle();
    const [first, second] = [listen(ben, "snapshot"), listen(ben, "snapshot")];
    await settle();
    expect([first.map(({ bytes }) => [...bytes]), second.length]).toEqual([[[1, 2, 3]], 1]);
    const third = listen(ben, "snapshot");
    await settle();
    expect(third).toEqual([]);
  });

  test("keeps four parts on their way, and lets inputs pass them", async () => {
    const { ana, relay, sent } = await openOwner();
    relay.answersParts = false;
    const controller = new AbortController();
    const sending = failureOf(ana.sendSnapshot(7, makeBytes(6 * PART), { signal: controller.signal }));
    await settle();
    expect(sent(0x31)).toHaveLength(4);
    relay.bufferedAmount = 4 * PART;
    expect(ana.sendInput(0, inputOf(0))).toBe(true);
    relay.bufferedAmount = 0;
    controller.abort("enough");
    expect(await sending).toMatchObject({ kind: "aborted", cause: "enough" });
    expect(sent(0x32)).toHaveLength(1);
    // The next one is not taken for it.
    relay.answersParts = true;
    await ana.sendSnapshot(8, makeBytes(PART));
    expect(relay.snapshot?.frame).toBe(8);
  });

  test("begins again after a cut, from a copy of its own, and tells how far it is", async () => {
    const { ana, relay, environment } = await openOwner();
    const state = makeBytes(6 * PART + 1);
    const before = state.slice();
    relay.answersParts = false;
    const progress: number[] = [];
    const onProgress = ({ sentBytes }: { readonly sentBytes: number }) => progress.push(sentBytes);
    const sending = ana.sendSnapshot(7, state, { onProgress });
    await settle();
    state.fill(0);
    relay.cut(relay.at(0));
    relay.answersParts = true;
    await environment.advance(0);
    await sending;
    expect(Buffer.compare(relay.snapshot?.bytes ?? new Uint8Array(), before)).toBe(0);
    expect(progress).toEqual([1, 2, 3, 4, 5, 6].map((parts) => parts * PART).concat(6 * PART + 1));
  });

  test("can go to everyone", async () => {
    const { ana, netplay } = await openOwner();
    const ben = await netplay().join(ana.invite);
    const snapshots = listen(ben, "snapshot");
    await ana.sendSnapshot(1, new Uint8Array([1]));
    await ana.sendSnapshot(2, new Uint8Array([2]), { isForEveryone: true });
    await settle();
    expect(snapshots.map(({ frame }) => frame)).toEqual([2]);
  });

  test("is refused to whoever may not", async () => {
    const { ana, netplay, relay } = await openOwner();
    const ben = await netplay().join(ana.invite);
    expect((await failureOf(ben.sendSnapshot(0, new Uint8Array(1)))).code).toBe("NETPLAY_NOT_OWNER");
    expect((await failureOf(ana.sendSnapshot(0, new Uint8Array()))).code).toBe("NETPLAY_SNAPSHOT_TOO_LARGE");
    const large = new Uint8Array(SNAPSHOT_BYTES_MAX + 1);
    expect((await failureOf(ana.sendSnapshot(0, large))).kind).toBe("too_large");
    expect((await failureOf(ana.sendSnapshot(-1, new Uint8Array(1)))).code).toBe("NETPLAY_SNAPSHOT_REFUSED");
    relay.answersParts = false;
    const first = failureOf(ana.sendSnapshot(0, new Uint8Array(1)));
    expect((await failureOf(ana.sendSnapshot(0, new Uint8Array(1)))).code).toBe("NETPLAY_SNAPSHOT_RUNNING");
    // What the server says of it.
    const [begin] = relay.at(0).sent.filter(({ type }) => type === 0x30);
    relay.sendTo(relay.at(0), `3403${Buffer.from(begin?.bytes.slice(2, 4) ?? []).toString("hex")}00000000`);
    expect(await first).toMatchObject({ kind: "unavailable", code: "NETPLAY_SNAPSHOT_REFUSED" });
    await ana.leave();
    expect((await failureOf(ana.sendSnapshot(0, new Uint8Array(1)))).code).toBe("NETPLAY_LEFT");
  });

  test("does not wait for ever, nor beyond the room", async () => {
    const { ana, relay, environment } = await openOwner();
    relay.answersParts = false;
    const slow = failureOf(ana.sendSnapshot(0, new Uint8Array(1), { timeoutMs: 5_000 }));
    await environment.advance(5_000);
    expect((await slow).kind).toBe("timeout");
    const left = failureOf(ana.sendSnapshot(0, new Uint8Array(1)));
    await settle();
    await ana.leave();
    expect(await left).toMatchObject({ kind: "aborted", code: "NETPLAY_LEFT" });
    expect([environment.pending(), SNAPSHOT_TIMEOUT_MS]).toEqual([[], 120_000]);
  });
});

describe("a snapshot that arrives", () => {
  const begin = { type: "begin", id: 7, frame: 9, totalBytes: 3, seat: 1 } as const;
  const part = (offset: number, ...bytes: number[]) =>
    ({ type: "part", id: 7, offset, bytes: new Uint8Array(bytes) }) as const;

  test("is whole after its last part", () => {
    const download = createDownload();
    download.begin(begin);
    expect(download.take(part(0, 1, 2))).toBeNull();
    expect(download.take(part(2, 3))).toEqual({ frame: 9, fromSeat: 1, bytes: new Uint8Array([1, 2, 3]) });
    expect(download.take(part(0, 1))).toBeNull();
  });

  test.each([
    ["has a hole", [part(1, 2)]],
    ["has too much", [part(0, 1, 2, 3, 4)]],
    ["repeats a part", [part(0, 1), part(0, 1)]],
    ["is another", [{ ...part(0, 1, 2, 3), id: 8 }]],
  ])("is none when it %s", (_what, parts) => {
    const download = createDownload();
    download.begin(begin);
    expect(parts.map((each) => download.take(each)).filter((found) => found !== null)).toEqual([]);
  });

  test("is given up for the next one, and with the connection", () => {
    const download = createDownload();
    download.begin(begin);
    download.take(part(0, 1, 2));
    download.begin({ ...begin, id: 8, totalBytes: 1 });
    expect(download.take(part(2, 3))).toBeNull();
    expect(download.take({ ...part(0, 5), id: 8 })?.bytes).toEqual(new Uint8Array([5]));
    download.begin(begin);
    download.drop();
    expect(download.take(part(0, 1, 2, 3))).toBeNull();
  });
});
