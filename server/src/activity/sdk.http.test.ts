// The published client against the real server: devices, what was played on them, and what is played now.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Client, createClient, hasErrorCode, isMultitapError } from "@multitap/client";
import { openRomScene, type RomScene } from "../roms/access/scene.testing.ts";

let scene: RomScene;
let client: Client;
beforeAll(async () => {
  scene = await openRomScene();
  const { app } = scene.library;
  const scope = "me.read roms.user.read roms.user.write devices.read devices.write";
  const body = new URLSearchParams({ username: "ana", password: "viewerpass", scope });
  const answer = await app.fetch("/api/token", { method: "POST", body });
  const { access_token: auth } = (await answer.json()) as { access_token: string };
  const fetch = (url: string, init: RequestInit) => app.fetch(url.replace("http://nas", ""), init);
  client = createClient({ url: "http://nas", fetch, auth, retry: false });
}, 30_000);
afterAll(async () => {
  await client.close();
  await scene.close();
});

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "no error",
    (error: unknown) => (isMultitapError(error) ? `${error.kind} ${error.code}` : String(error)),
  );

describe("a device of an app", () => {
  test("registers, plays, tells what it played, and goes", async () => {
    const description = { name: "Deck", hostname: "deck", platform: "linux" };
    const { device, isNew } = await client.devices.register(description);
    expect([isNew, device.name]).toEqual([true, "Deck"]);
    const { id: deviceId } = device;
    const refusal = await client.devices
      .register({ ...description, isExistingAllowed: false })
      .catch((error: unknown) => error);
    expect(hasErrorCode(refusal, "DEVICES_EXISTS") && refusal.details.deviceId).toBe(deviceId);
    expect((await client.devices.list()).map(({ id }) => id)).toEqual([deviceId]);
    expect((await client.devices.update(deviceId, { name: "OLED" })).name).toBe("OLED");
    expect((await client.devices.get(deviceId)).name).toBe("OLED");

    const playing = await client.activity.heartbeat({ romId: scene.a, deviceId });
    expect(await client.activity.list({ romId: scene.a })).toEqual([playing]);
    expect(await client.activity.stop(deviceId)).toBeUndefined();
    expect(await client.activity.list()).toEqual([]);

    const span = { romId: scene.a, startedAt: "2026-02-01T10:00:00Z", endedAt: "2026-02-01T11:00:00Z" };
    const told = await client.playSessions.ingest({ deviceId, sessions: [span, span] });
    expect(told.results.map(({ index, status }) => [index, status])).toEqual([
      [1, "duplicate"],
      [0, "created"],
    ]);
    const [session] = await client.playSessions.list({ romId: scene.a });
    expect(session).toMatchObject({ deviceId, durationMs: 3_600_000 });
    expect(await client.playSessions.remove(session?.id ?? 0)).toBeUndefined();
    expect(await codeOf(client.playSessions.remove(session?.id ?? 0))).toBe(
      "not_found PLAY_SESSIONS_NOT_FOUND",
    );

    expect(await client.devices.remove(deviceId)).toBeUndefined();
    expect(await codeOf(client.devices.get(deviceId))).toBe("not_found DEVICES_NOT_FOUND");
    expect(await codeOf(client.activity.heartbeat({ romId: scene.a, deviceId }))).toBe(
      "not_found DEVICES_NOT_FOUND",
    );
    expect(await codeOf(client.activity.heartbeat({ romId: scene.secret, deviceId }))).toBe(
      "not_found ROMS_NOT_FOUND",
    );
  });
});
