// The published client against the real relay.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Client, createClient, hasErrorCode } from "@multitap/client";
import { createNetplay, type Netplay, type Room } from "@multitap/client/netplay";
import { openRelayScene, type RelayScene } from "./scene.testing.ts";

let scene: RelayScene;
const clients: Client[] = [];
let [admin, ana]: Netplay[] = [];

async function signIn(username: string, password: string): Promise<Netplay> {
  const body = new URLSearchParams({ username, password, scope: "me.read roms.user.read roms.user.write" });
  const answer = await scene.app.fetch("/api/token", { method: "POST", body });
  const { access_token: auth } = (await answer.json()) as { access_token: string };
  const client = createClient({ url: await scene.app.listen(), auth, retry: false });
  clients.push(client);
  return createNetplay(client, { direct: "never" });
}

beforeAll(async () => {
  scene = await openRelayScene();
  [admin, ana] = [await signIn("admin", "adminpass"), await signIn("ana", "viewerpass")];
}, 60_000);
afterAll(async () => {
  for (const client of clients) await client.close();
  await scene.close();
});

/** Waits until something holds, such as that an input is there. */
async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!holds() && performance.now() < deadlineMs) await Bun.sleep(5);
  expect(holds()).toBe(true);
}

async function openPair(): Promise<readonly [Room, Room]> {
  if (admin === undefined || ana === undefined) throw new TypeError("nobody signed in");
  const owner = await admin.open({ romId: scene.romId, name: "Sunday", playersMax: 2, inputBytes: 2 });
  return [owner, await ana.join(owner.invite ?? "")];
}

describe("two apps", () => {
  test("play: inputs, messages, a snapshot, and the list that others see", async () => {
    const [owner, guest] = await openPair();
    expect([owner.seat, guest.seat, owner.isOwner, guest.isOwner]).toEqual([0, 1, true, false]);
    for (let frame = 0; frame < 100; frame++) {
      owner.sendInput(frame, Uint8Array.of(frame, 1));
      guest.sendInput(frame, Uint8Array.of(frame, 2));
    }
    await until(() => owner.inputAt(99, 1) !== null && guest.inputAt(99, 0) !== null);
    expect(guest.inputAt(42, 0)).toEqual(Uint8Array.of(42, 1));
    const heard: unknown[] = [];
    guest.on("message", ({ data }) => heard.push(data));
    owner.sendMessage({ pause: true });
    await until(() => heard.length === 1);
    expect(heard).toEqual([{ pause: true }]);

    const bytes = new Uint8Array(300_000).map((_zero, at) => at >> 3);
    owner.on("snapshotWanted", () => void owner.sendSnapshot(100, bytes));
    const got: Uint8Array[] = [];
    const watcher = await ana?.spectate(owner.id, { delayMs: 0 });
    watcher?.on("snapshot", (snapshot) => got.push(snapshot.bytes.slice()));
    await until(() => got.length === 1);
    expect(Buffer.compare(got[0] ?? Buffer.of(), bytes)).toBe(0);

    const listed = async () => (await admin?.list({ romId: scene.romId }))?.find(({ id }) => id === owner.id);
    const deadlineMs = performance.now() + 10_000;
    while ((await listed())?.players.length !== 2 && performance.now() < deadlineMs) await Bun.sleep(20);
    expect((await listed())?.players.map(({ name }) => name)).toEqual(["admin", "ana"]);
    await owner.leave();
    await until(() => guest.isOwner);
    await guest.leave();
  });

  test("are refused as documented", async () => {
    const [owner] = await openPair();
    const refusal = await ana?.join(owner.id).catch((error: unknown) => error);
    expect(hasErrorCode(refusal, "NETPLAY_ROOM_FULL")).toBe(true);
    const unknown = await ana?.join("00000000").catch((error: unknown) => error);
    expect(hasErrorCode(unknown, "NETPLAY_ROOM_NOT_FOUND")).toBe(true);
  });
});
