import { afterEach, expect, test } from "bun:test";
import { asAdmin, asViewer, createSocketScene } from "../socket/scene.testing.ts";

const { open, connect, close } = createSocketScene();
afterEach(close);

test("new lines are told to whom may read logs, and to nobody else", async () => {
  const app = await open();
  const admin = await connect(app, asAdmin);
  const viewer = await connect(app, asViewer);
  const guest = await connect(app, {});
  app.ports.log.child("Scan").error("a test tells this", { password: "hunter2" });
  app.ports.log.error("and this");
  await admin.waitFor("logs:entry", 2);
  const [first, second] = admin.payloadsOf<{ ts: number; message: string }>("logs:entry");
  expect({ ...first, ts: 0 }).toEqual({
    ts: 0,
    level: "ERROR",
    module: "scan",
    message: "a test tells this password=***",
  } as never);
  expect(Object.keys(first ?? {})).toEqual(["ts", "level", "module", "message"]);
  expect(second?.message).toBe("and this");
  expect([viewer, guest].flatMap((client) => client.names()).includes("logs:entry")).toBe(false);
}, 30_000);
