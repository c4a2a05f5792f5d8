// Devices behind a real OpenSSH server on loopback.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { requireProgram } from "../../../../scripts/testing/require-program.ts";
import { VIEWER } from "../../auth/calls.testing.ts";
import { beginSession } from "../../devices/sync-sessions/service.ts";
import { createRawZip } from "../../ports/compute/testing/archives.ts";
import { syncDevice } from "../push-pull-runs/service.ts";
import { startPasswordServer } from "./password-server.testing.ts";
import { openPushPullScene, type PushPullScene, type SshDevice } from "./scene.testing.ts";
import { pushPullAllDevices } from "./service.ts";
import { SSHD_PROGRAM } from "./sshd.testing.ts";

const program = requireProgram(SSHD_PROGRAM);
const SAVE = "Star Pilot (USA).srm";
const OLD = "2020-01-01T00:00:00Z";

describe.skipIf(program === null)("sync by SSH (needs openssh-server)", () => {
  let scene: PushPullScene;
  beforeAll(async () => {
    scene = await openPushPullScene(program ?? "");
  }, 60_000);
  afterAll(() => scene?.close());
  afterEach(async () => {
    scene.line.mend();
    scene.events.length = 0;
    await scene.library.change("delete from saves; delete from devices; delete from sync_conflicts");
    await scene.knowHosts(`[127.0.0.1]:* ${scene.sshd.hostKey}\n`);
  });

  const slotSave = (text: string, slot = "main") => scene.upload({ slot }, { name: SAVE, bytes: text });
  const failure = async (config: object) => {
    const device = await scene.addSshDevice("failing", config);
    await device.put(SAVE, "kept");
    const session = await scene.sync(device);
    expect(session.status).toBe("FAILED");
    expect(scene.events.at(-1)).toMatchObject({ phase: "error", reason: session.error_message });
    expect(await device.list()).toEqual([SAVE]);
    return session.error_message ?? "";
  };

  describe("who is let in", () => {
    test("a host that nobody vouched for is not even called", async () => {
      await scene.knowHosts(`[127.0.0.1]:1 ${scene.sshd.hostKey}\n`);
      expect(await failure({})).toContain(`holds no usable host key of [127.0.0.1]:${scene.line.port}`);
    });

    test("a host without any file of host keys is refused as well", async () => {
      await scene.library.app.ports.files.remove(scene.library.app.facts.sync.knownHostsPath);
      expect(await failure({})).toContain("holds no usable host key");
    });

    test("a host that shows another key is refused, and told so", async () => {
      await scene.knowHosts(`[127.0.0.1]:* ${scene.sshd.otherHostKey}\n`);
      expect(await failure({})).toMatch(/another host key than the known one: ssh-ed25519 SHA256:/);
    });

    test("a revoked key is refused although another line knows it", async () => {
      const { hostKey } = scene.sshd;
      await scene.knowHosts(`[127.0.0.1]:* ${hostKey}\n@revoked * ${hostKey}\n`);
      expect(await failure({})).toContain("a revoked host key");
    });

    test("a key with a passphrase works with it, and not without", async () => {
      const device = await scene.addSshDevice("locked", {
        ssh_key_path: scene.sshd.lockedKeyPath,
        ssh_key_passphrase: "open sesame",
      });
      expect((await scene.sync(device)).status).toBe("COMPLETED");
      const { body } = await scene.library.get<{ sync_config: object }>(`/api/devices/${device.id}`);
      expect(JSON.stringify(body.sync_config)).not.toContain("sesame");
      expect(await failure({ ssh_key_path: scene.sshd.lockedKeyPath })).toContain("passphrase");
      const wrong = { ssh_key_path: scene.sshd.lockedKeyPath, ssh_key_passphrase: "shut" };
      expect(await failure(wrong)).toContain("passphrase");
    });

    test("a key that the device does not know, and a wrong password, are refused once", async () => {
      expect(await failure({ ssh_key_path: scene.sshd.strangeKeyPath })).toContain(
        "does not accept the SSH key",
      );
      expect(await failure({ ssh_key_path: null, ssh_password: "guess" })).toContain(
        "not accept the password",
      );
    });

    test("a password is enough where there is no key", async () => {
      const account = { username: "deck", password: "pass: \u00fc" };
      const server = await startPasswordServer(scene.sshd.hostKeyPath, account);
      const config = { ssh_port: server.port, ssh_username: account.username, ssh_key_path: null };
      const right = await scene.addSshDevice("password", { ...config, ssh_password: account.password });
      expect((await scene.sync(right)).error_message).toBeNull();
      expect(await failure({ ...config, ssh_password: "another" })).toContain("not accept the password");
      server.close();
    });

    test("the device's own key in the folder of keys is used when none is named, or it is not there", async () => {
      const { keysPath } = scene.library.app.facts.sync;
      await mkdir(keysPath, { recursive: true });
      const device = await scene.addSshDevice("own-key", { ssh_key_path: join(keysPath, "absent") });
      await cp(scene.sshd.keyPath, join(keysPath, `${device.id}.pem`));
      expect((await scene.sync(device)).status).toBe("COMPLETED");
    });

    test("a device without key and password, and settings without a host, fail with what is missing", async () => {
      expect(await failure({ ssh_key_path: null })).toContain("Neither an SSH key nor a password");
      expect(await failure({ ssh_host: "" })).toContain("ssh_host is missing or wrong");
    });
  });

  describe("what is synced", () => {
    test("a device without save folders is done at once", async () => {
      const device = await scene.addSshDevice("empty", { save_directories: [] });
      const session = await scene.sync(device);
      expect([session.status, session.operations_planned]).toEqual(["COMPLETED", 0]);
      expect(scene.events.map(({ phase }) => phase)).toEqual(["started", "completed"]);
      expect(scene.events[0]?.syncMode).toBe("push_pull");
    });

    test("only the newest version of a slot is brought, under the name without its moment", async () => {
      await slotSave("one");
      await slotSave("two");
      const device = await scene.addSshDevice("fresh");
      const session = await scene.sync(device);
      expect([session.operations_planned, session.operations_completed, session.operations_failed]).toEqual([
        1, 1, 0,
      ]);
      expect(await device.list()).toEqual([SAVE]);
      expect(await device.read(SAVE)).toBe("two");
      // Nothing is left to do.
      expect((await scene.sync(device)).operations_completed).toBe(1);
      expect(await device.list()).toEqual([SAVE]);
    });

    test("a new file becomes a save where a rom has its stem, and nothing where none has", async () => {
      const device = await scene.addSshDevice("bringer");
      await device.put(SAVE, "from the device");
      await device.put("Nobody Knows.srm", "x");
      expect((await scene.sync(device)).status).toBe("COMPLETED");
      expect((await scene.newest(scene.romId, "autosave"))?.text).toBe("from the device");
      expect(await scene.sync(device)).toMatchObject({ status: "COMPLETED", operations_failed: 0 });
      const { body } = await scene.library.get<unknown[]>("/api/saves");
      expect(body.length).toBe(1);
    });

    test("two files of one rom become two saves of its slot in one run", async () => {
      const device = await scene.addSshDevice("two-files", {});
      await scene.library.change(
        `update devices set sync_config = jsonb_set(sync_config, '{save_directories,0,extension}', 'null') where id = '${device.id}'`,
      );
      await device.put(SAVE, "save");
      await device.put("Star Pilot (USA).rtc", "clock");
      expect(await scene.sync(device)).toMatchObject({ operations_completed: 2, operations_failed: 0 });
      const { body } = await scene.library.get<{ slot: string }[]>(`/api/saves?rom_id=${scene.romId}`);
      expect(body.map(({ slot }) => slot)).toEqual(["autosave", "autosave"]);
    });

    test("what was played on goes the way of the change, and what is overwritten stays beside it", async () => {
      await slotSave("start");
      const first = await scene.addSshDevice("first");
      const second = await scene.addSshDevice("second");
      await scene.sync(first);
      await scene.sync(second);
      await first.put(SAVE, "played on first");
      await scene.sync(first);
      expect((await scene.newest(scene.romId, "main"))?.text).toBe("played on first");
      await scene.sync(second);
      expect(await second.read(SAVE)).toBe("played on first");
      expect(await second.read(`${SAVE}.bak`)).toBe("start");
      expect(await second.list()).toEqual([SAVE, `${SAVE}.bak`]);
    });

    test("of a conflict both versions are kept, and the owner is told", async () => {
      await slotSave("start");
      const device = await scene.addSshDevice("quarrel");
      await scene.sync(device);
      await device.put(SAVE, "on the device");
      await slotSave("on the server");
      const session = await scene.sync(device);
      expect(session).toMatchObject({ status: "COMPLETED", operations_failed: 0 });
      const { body } = await scene.library.get<{ id: number }[]>(`/api/saves?rom_id=${scene.romId}`);
      const texts = await Promise.all(body.map(({ id }) => scene.read(id)));
      expect(texts.sort()).toEqual(["on the device", "on the server", "start"]);
      expect(await device.read(SAVE)).toBe("on the device");
      const told = scene.events.filter(({ phase }) => phase === "conflict");
      expect(told).toMatchObject([
        { fileName: SAVE, romId: scene.romId, reason: "Both sides changed since last sync" },
      ]);
      scene.events.length = 0;
      await scene.sync(device);
      expect(scene.events.filter(({ phase }) => phase === "conflict")).toEqual([]);
    });

    test("a device that is set to yield gets the server's version, and its own is kept twice", async () => {
      await slotSave("start");
      const device = await scene.addSshDevice("yielding", { conflict_resolution: "server_wins" });
      await scene.sync(device);
      await device.put(SAVE, "on the device");
      await slotSave("on the server");
      await scene.sync(device);
      expect([await device.read(SAVE), await device.read(`${SAVE}.bak`)]).toEqual([
        "on the server",
        "on the device",
      ]);
      expect((await scene.newest(scene.romId, "main"))?.text).toBe("on the server");
      const { body } = await scene.library.get<{ id: number }[]>(`/api/saves?rom_id=${scene.romId}`);
      expect(await Promise.all(body.map(({ id }) => scene.read(id)))).toContain("on the device");
    });

    test("a device that met nothing before keeps an older file of its own beside the server's", async () => {
      const device = await scene.addSshDevice("stranger");
      await slotSave("on the server");
      await device.put(SAVE, "on the device", OLD);
      await scene.sync(device);
      expect(await device.read(SAVE)).toBe("on the device");
      expect(scene.events.map(({ phase }) => phase)).toContain("conflict");
    });

    test("what was deleted on purpose stays deleted until it changes on the server", async () => {
      await slotSave("start");
      const device = await scene.addSshDevice("tidy");
      await scene.sync(device);
      await scene.library.app.ports.files.remove(join(device.folder, SAVE));
      await scene.sync(device);
      expect(await device.list()).toEqual([]);
      await slotSave("news");
      await scene.sync(device);
      expect(await device.read(SAVE)).toBe("news");
    });

    test("what was removed on the server is not brought back by an old copy, but by a played one", async () => {
      await slotSave("start");
      const device = await scene.addSshDevice("clinging");
      await scene.sync(device);
      await scene.library.change("delete from saves");
      await scene.sync(device);
      expect(await scene.newest(scene.romId)).toBeNull();
      expect(await device.read(SAVE)).toBe("start");
      await device.put(SAVE, "played");
      await scene.sync(device);
      expect((await scene.newest(scene.romId))?.text).toBe("played");
    });

    test("what is untracked is left alone in both directions", async () => {
      const { body } = await slotSave("start");
      const device = await scene.addSshDevice("untracked");
      await scene.sync(device);
      await scene.library.get(`/api/saves/${body.id}/untrack`, {
        method: "POST",
        body: JSON.stringify({ device_id: device.id }),
      });
      await scene.library.change(
        `update device_save_sync set is_untracked = true where save_id = ${body.id}`,
      );
      await device.put(SAVE, "own way");
      await scene.sync(device);
      expect((await scene.newest(scene.romId))?.text).toBe("start");
      expect(await device.read(SAVE)).toBe("own way");
    });

    test("a zip that was packed again is the same save", async () => {
      const content = Buffer.alloc(2_000, "s");
      const stored = createRawZip([{ name: "a.bin", content }]);
      const deflated = createRawZip([{ name: "a.bin", content, packed: deflateRawSync(content), method: 8 }]);
      await scene.upload({ slot: "main" }, { name: SAVE, bytes: new Uint8Array(stored) });
      const device = await scene.addSshDevice("zipped");
      await device.put(SAVE, deflated);
      await scene.sync(device);
      const { body } = await scene.library.get<unknown[]>("/api/saves");
      expect(body.length).toBe(1);
      expect(await device.list()).toEqual([SAVE]);
    });

    test("names and files that cannot be saves are skipped, and the rest goes on", async () => {
      const device = await scene.addSshDevice("hostile");
      const long = `${"x".repeat(240)}.srm`;
      await device.put(".hidden.srm", "x");
      await device.put("..\\up.srm", "x");
      await device.put("Star Pilot (USA)\n.srm", "x");
      await device.put("Star Pilot (USA) [2026-01-01_00-00-00].srm", "left by an older server");
      await device.put("empty.srm", "");
      await device.put(long, "x");
      await symlink("/etc/passwd", join(device.folder, "link.srm"));
      await mkdir(join(device.folder, "folder.srm"));
      await device.put(SAVE, "good");
      const session = await scene.sync(device);
      expect(session).toMatchObject({ status: "COMPLETED", operations_completed: 1, operations_failed: 0 });
      const { body } = await scene.library.get<unknown[]>("/api/saves");
      expect(body.length).toBe(1);
      expect((await device.list()).length).toBe(9);
    });

    test("a folder that is not there counts as failed, and brings nothing", async () => {
      await slotSave("start");
      const device = await scene.addSshDevice("unplugged");
      await scene.library.app.ports.files.remove(device.folder);
      const session = await scene.sync(device);
      expect(session).toMatchObject({ status: "COMPLETED", operations_completed: 0, operations_failed: 1 });
    });
  });

  describe("when the connection dies", () => {
    // Longer than the retries of one run need in bytes: the key exchange alone takes some thousand.
    const LONG = "x".repeat(400_000);

    test("a file that is being fetched is fetched again by the next run", async () => {
      const device = await scene.addSshDevice("cut-fetch");
      await device.put(SAVE, LONG);
      scene.line.cutAfter("fromServer", 100_000);
      const session = await scene.sync(device);
      expect([session.status, session.error_message]).toEqual([
        "FAILED",
        expect.stringContaining("connection to the device was lost"),
      ]);
      expect(await scene.newest(scene.romId)).toBeNull();
      scene.line.mend();
      expect((await scene.sync(device)).status).toBe("COMPLETED");
      expect((await scene.newest(scene.romId))?.text).toBe(LONG);
    });

    test("a file that is being brought leaves the old one whole", async () => {
      await slotSave("start");
      const device = await scene.addSshDevice("cut-bring");
      await scene.sync(device);
      await slotSave(LONG);
      scene.line.cutAfter("toServer", 100_000);
      expect((await scene.sync(device)).status).toBe("FAILED");
      expect(await device.read(SAVE)).toBe("start");
      scene.line.mend();
      expect((await scene.sync(device)).status).toBe("COMPLETED");
      expect(await device.read(SAVE)).toBe(LONG);
      expect(await device.read(`${SAVE}.bak`)).toBe("start");
    });
  });

  describe("POST /api/sync/devices/{device_id}/push-pull", () => {
    test("answers a session that waits, and ends the one before", async () => {
      const device = await scene.addSshDevice("twice");
      const [first, second] = [await scene.begin(device), await scene.begin(device)];
      expect([first.status, first.body.status, second.body.status]).toEqual([200, "PENDING", "PENDING"]);
      await scene.end(second.body.id);
      expect(["CANCELLED", "COMPLETED"]).toContain((await scene.end(first.body.id)).status);
    });

    test("refuses devices that are others', of another mode, or set not to sync", async () => {
      const device = await scene.addSshDevice("refused");
      const post = (id: string, headers?: Record<string, string>) =>
        scene.library.get<{ detail: string }>(`/api/sync/devices/${id}/push-pull`, {
          method: "POST",
          ...(headers === undefined ? {} : { headers }),
        });
      const seen = async (id: string, headers?: Record<string, string>) => {
        const { status, body } = await post(id, headers);
        return [status, body.detail];
      };
      expect(await seen("nobody")).toEqual([404, "Device with ID nobody not found"]);
      expect(await seen(device.id, { authorization: VIEWER })).toEqual([
        404,
        `Device with ID ${device.id} not found`,
      ]);
      await scene.library.change(`update devices set sync_enabled = false where id = '${device.id}'`);
      expect(await seen(device.id)).toEqual([400, "Sync is disabled for this device"]);
      await scene.library.change(`update devices set sync_mode = 'api' where id = '${device.id}'`);
      expect(await seen(device.id)).toEqual([400, "Device is not in push_pull sync mode"]);
      expect(scene.events).toEqual([]);
    });
  });

  describe("syncDevice", () => {
    const begin = async (device: SshDevice) => {
      const { app } = scene.library;
      const owner = { id: device.id, userId: 1 };
      const start = { status: "pending", operationsPlanned: 0 } as const;
      const { id: sessionId } = await beginSession(app.createContext(), owner, start);
      return { deviceId: device.id, userId: 1, sessionId };
    };

    test("goes on with what a stopped run left", async () => {
      const { app } = scene.library;
      const device = await scene.addSshDevice("stopped");
      await scene.library.change(
        `update devices set sync_config = jsonb_set(sync_config, '{save_directories,0,extension}', 'null') where id = '${device.id}'`,
      );
      for (const extension of ["srm", "rtc", "sav"])
        await device.put(`Star Pilot (USA).${extension}`, extension);
      const job = await begin(device);
      const stop = new AbortController();
      const off = app.ports.events.on("sync", ({ data }) => {
        if (data.phase === "progress") stop.abort();
      });
      const stopped = await syncDevice({ ...app.createContext(), signal: stop.signal }, job).catch(
        (error: unknown) => error,
      );
      off();
      expect(stopped).toBeInstanceOf(DOMException);
      const path = `/api/sync/sessions/${job.sessionId}`;
      expect((await scene.library.get<{ status: string }>(path)).body.status).toBe("IN_PROGRESS");
      expect((await scene.library.get<unknown[]>("/api/saves")).body.length).toBe(1);
      expect(await syncDevice(app.createContext(), job)).toBe("over");
      expect((await scene.library.get<{ status: string }>(path)).body.status).toBe("COMPLETED");
      expect((await scene.library.get<unknown[]>("/api/saves")).body.length).toBe(3);
    });

    test("leaves a device alone that another run has, and a session that has ended", async () => {
      const { app } = scene.library;
      const device = await scene.addSshDevice("taken");
      const job = await begin(device);
      const lock = await app.ports.kv.lock(`sync-push-pull:${device.id}`, { ttlMs: 10_000 });
      expect(await syncDevice(app.createContext(), job)).toBe("busy");
      await lock?.release();
      await scene.library.change(`update sync_sessions set status = 'cancelled' where id = ${job.sessionId}`);
      expect(await syncDevice(app.createContext(), job)).toBe("over");
      expect(scene.events).toEqual([]);
    });
  });

  test("the clock begins a sync of every device that none is under way with", async () => {
    const device = await scene.addSshDevice("scheduled");
    await device.put(SAVE, "by the clock");
    const ctx = scene.library.app.createContext();
    expect(await pushPullAllDevices(ctx)).toBe(1);
    const { body } = await scene.library.get<{ id: number }[]>(`/api/sync/sessions?device_id=${device.id}`);
    expect((await scene.end(body[0]?.id ?? 0)).status).toBe("COMPLETED");
    expect((await scene.newest(scene.romId))?.text).toBe("by the clock");
  });
});
