/** Devices behind a real SSH server, and the session that a sync of one leaves. */
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AssertionError } from "../../base/assert.ts";
import type { SyncEvent } from "../../base/events.ts";
import { openSyncScene, type SyncScene } from "../scene.testing.ts";
import { startPushPullWorker } from "./service.ts";
import { type CutLine, openCutLine, type Sshd, startSshd } from "./sshd.testing.ts";

export interface SessionBody {
  readonly id: number;
  readonly status: string;
  readonly operations_planned: number;
  readonly operations_completed: number;
  readonly operations_failed: number;
  readonly error_message: string | null;
}

export interface PushPullScene extends SyncScene {
  readonly sshd: Sshd;
  readonly line: CutLine;
  /** Every sync event so far. */
  readonly events: SyncEvent[];
  /** Adds a device with a folder of its own on the machine of the SSH server. */
  addSshDevice(name: string, config?: object): Promise<SshDevice>;
  /** Writes what host keys the server knows; the names stand for any port of the loopback unless given. */
  knowHosts(lines: string): Promise<void>;
  /** Syncs a device and waits for the end of the session. */
  sync(device: SshDevice): Promise<SessionBody>;
  /** Begins a sync. */
  begin(device: SshDevice): Promise<{ readonly status: number; readonly body: SessionBody }>;
  /** Waits for the end of a session. */
  end(sessionId: number): Promise<SessionBody>;
  /** The newest save of a slot, with its bytes as text. */
  newest(romId: number, slot?: string): Promise<{ readonly id: number; readonly text: string } | null>;
}

/** A device, and its save folder on disk. */
export interface SshDevice {
  readonly id: string;
  readonly folder: string;
  put(name: string, content: string | Uint8Array, modifiedAt?: string): Promise<void>;
  read(name: string): Promise<string>;
  list(): Promise<readonly string[]>;
}

/** Makes the save folder of a device. */
async function createSshDevice(id: string, folder: string): Promise<SshDevice> {
  await mkdir(folder, { recursive: true });
  return {
    id,
    folder,
    async put(fileName, content, modifiedAt) {
      const path = join(folder, fileName);
      await writeFile(path, content);
      if (modifiedAt !== undefined) await utimes(path, new Date(modifiedAt), new Date(modifiedAt));
    },
    read: (fileName) => readFile(join(folder, fileName), "utf8"),
    list: async () => (await readdir(folder)).sort(),
  };
}

/** Opens the scene. */
export async function openPushPullScene(program: string): Promise<PushPullScene> {
  const sshd = await startSshd(program);
  const line = openCutLine(sshd.port);
  const scene = await openSyncScene();
  const { app } = scene.library;
  const { sql } = app.database.handle;
  const worker = await startPushPullWorker(app.ports, { createContext: () => app.createContext() });
  const events: SyncEvent[] = [];
  const hush = app.ports.events.on("sync", ({ data }) => void events.push(data));
  const knowHosts = async (lines: string) => {
    await mkdir(app.facts.sync.keysPath, { recursive: true });
    await writeFile(app.facts.sync.knownHostsPath, lines);
  };
  await knowHosts(`[127.0.0.1]:* ${sshd.hostKey}\n`);
  const end = async (sessionId: number) => {
    for (let attempt = 0; attempt < 300; attempt += 1) {
      const { body } = await scene.library.get<SessionBody>(`/api/sync/sessions/${sessionId}`);
      if (body.status !== "PENDING" && body.status !== "IN_PROGRESS") return body;
      await Bun.sleep(100);
    }
    throw new AssertionError("the session did not end");
  };
  const begin = async (device: SshDevice) =>
    await scene.library.get<SessionBody>(`/api/sync/devices/${device.id}/push-pull`, { method: "POST" });
  return {
    ...scene,
    sshd,
    line,
    events,
    knowHosts,
    begin,
    end,
    sync: async (device) => await end((await begin(device)).body.id),
    async addSshDevice(name, config = {}) {
      const id = await scene.addDevice(name);
      const device = await createSshDevice(id, join(sshd.devicePath, id));
      const syncConfig = {
        ssh_host: "127.0.0.1",
        ssh_port: line.port,
        ssh_username: sshd.username,
        ssh_key_path: sshd.keyPath,
        save_directories: [{ platform_slug: "n64", path: device.folder, extension: ".srm" }],
        ...config,
      };
      await sql`update devices set sync_mode = 'push_pull', sync_config = ${JSON.stringify(syncConfig)}::text::jsonb
        where id = ${id}`;
      return device;
    },
    async newest(romId, slot) {
      const query = slot === undefined ? "" : `&slot=${slot}`;
      const { body } = await scene.library.get<{ id: number; updated_at: string }[]>(
        `/api/saves?rom_id=${romId}${query}`,
      );
      const [last] = body.toSorted((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
      return last === undefined ? null : { id: last.id, text: await scene.read(last.id) };
    },
    async close() {
      worker.stop();
      hush();
      await scene.close();
      line.close();
      await sshd.close();
    },
  };
}
