// A player changes from polling to a websocket in the middle of a game, step by step.
import { afterAll, expect, test } from "bun:test";
import { createNetplayScene, makeId, NETPLAY_PATH, toAsk, until, WAYS } from "./scene.testing.ts";

const SLOW_MS = 60_000;
const scene = createNetplayScene();
afterAll(() => scene.close());

const SEPARATOR = "\x1e";
const NOOP = "6";

/** A session that polls by hand. */
async function openPolling(url: string) {
  const base = `${url}${NETPLAY_PATH}?EIO=4`;
  const opened = await (await fetch(`${base}&transport=polling`)).text();
  const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
  const path = `${base}&transport=polling&sid=${sid}`;
  return {
    webSocketUrl: `${base.replace("http", "ws")}&transport=websocket&sid=${sid}`,
    poll: async () => (await (await fetch(path)).text()).split(SEPARATOR),
    async post(...packets: readonly string[]) {
      expect((await fetch(path, { method: "POST", body: packets.join(SEPARATOR) })).status).toBe(200);
    },
  };
}

test(
  "who changes over hears and is heard in order, without a gap and nothing twice",
  async () => {
    const app = await scene.open();
    const host = await scene.connect(app, { transports: WAYS[0]?.[1] });
    const room = makeId();
    await host.ask("open-room", toAsk(room, "host"));
    const player = await openPolling(await app.listen());
    const heard: string[] = [];
    const keep = (packets: readonly string[]) => {
      heard.push(...packets.filter((packet) => packet.startsWith('42["data-message"')));
      return packets;
    };
    await player.post("40");
    await player.post(`421["join-room",${JSON.stringify(toAsk(room, "player"))}]`);
    await host.waitFor("users-updated", 2);

    let sent = 0;
    const hostSends = async () => {
      for (const end = sent + 10; sent < end; sent += 1) host.emit("data-message", { at: sent });
      // The server has passed all of it on once it answered what came behind.
      await host.ask("webrtc-signal-error");
    };
    let said = 0;
    const say = (count: number) =>
      Array.from({ length: count }, () => {
        said += 1;
        return `42["data-message",{"said":${said - 1}}]`;
      });

    await hostSends();
    await player.post(...say(5));
    keep(await player.poll());
    await hostSends();
    const webSocket = new WebSocket(player.webSocketUrl);
    const frames: string[] = [];
    webSocket.onmessage = ({ data }) => void frames.push(String(data));
    await new Promise((resolve) => webSocket.addEventListener("open", resolve));
    webSocket.send("2probe");
    await until("the probe", () => frames.includes("3probe"));
    // Still written to by polling: what was on its way there comes first.
    await hostSends();
    await player.post(...say(5));
    while (!keep(await player.poll()).includes(NOOP));
    await hostSends();
    webSocket.send("5");
    for (const packet of say(5)) webSocket.send(packet);
    await host.waitFor("data-message", said);
    await hostSends();
    for (const packet of say(5)) webSocket.send(packet);
    await until("all", () => heard.length + frames.filter((each) => each.startsWith("42")).length >= sent);
    await host.waitFor("data-message", said);
    await hostSends();
    await until("the last", () => frames.some((each) => each.includes(`"at":${sent - 1}`)));
    keep(frames);

    const count = (length: number) => Array.from({ length }, (_, at) => at);
    expect(heard.map((text) => JSON.parse(text.slice(2))[1].at)).toEqual(count(sent));
    expect(host.payloadsOf<{ said: number }>("data-message").map((each) => each.said)).toEqual(count(said));
    webSocket.close();
  },
  SLOW_MS,
);
