/** A server over a library on disk, with an administrator, a viewer and an editor, and short ways to both doors. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestAppOptions } from "../app/testing.ts";
import { openTwoDoors, type TwoDoors } from "../config/scene.testing.ts";
import { ensurePlatform } from "./service.ts";

/** One row in the compatible shape. */
export type Wire = Readonly<Record<string, unknown>>;

export interface LibraryScene extends TwoDoors {
  /** The id of a platform's row, made when it is not there. */
  addPlatform(fsSlug: string): Promise<number>;
  /** Writes a file below the library. */
  putFile(path: string, bytes?: string): Promise<void>;
  /** Names in a folder below the base folder, by name; null when there is none. */
  listFolder(path: string): Promise<readonly string[] | null>;
  /** Runs a statement as another part of the server would. */
  change(statement: string): Promise<void>;
  /** Rows of a query. */
  rows(statement: string): Promise<readonly Wire[]>;
  /** What was told of the library while `work` ran. */
  listEvents(work: () => Promise<unknown>): Promise<readonly unknown[]>;
}

/** Opens the scene over an empty library; its app has to be closed. */
export async function openLibraryScene(options: TestAppOptions = {}): Promise<LibraryScene> {
  const doors = await openTwoDoors(options);
  const { app } = doors;
  const { sql } = app.database.handle;
  const forget = () => app.createContext().noteWrite();
  return {
    ...doors,
    async addPlatform(fsSlug) {
      const noBindings = { platformsBinding: new Map(), platformsVersions: new Map() };
      const { id } = await ensurePlatform(app.ports.database, fsSlug, noBindings);
      forget();
      return id;
    },
    async putFile(path, bytes = path) {
      const at = join(app.facts.libraryPath, path);
      await mkdir(dirname(at), { recursive: true });
      await writeFile(at, bytes);
    },
    async listFolder(path) {
      try {
        return (await readdir(join(app.basePath, path))).sort();
      } catch {
        return null;
      }
    },
    async change(statement) {
      await sql.unsafe(statement);
      forget();
    },
    rows: (statement) => sql.unsafe(statement),
    async listEvents(work) {
      const events: unknown[] = [];
      const stop = app.ports.events.on("library", ({ data }) => void events.push(data));
      await work();
      stop();
      return events;
    },
  };
}

/** Hides something from the viewer. */
export async function hideFromViewer(scene: TwoDoors, entity: string, entityId: number): Promise<void> {
  const json = { entity, entity_id: entityId, user_id: 2 };
  const { status } = await scene.call("/api/permissions/hidden", { json });
  if (status !== 200) throw new TypeError(`hiding answered ${status}`);
}

/** Gives the viewer these rights beside those of the group, such as `firmware.write`, and no others. */
export async function grantViewer(scene: TwoDoors, rights: readonly string[]): Promise<void> {
  const overrides = rights.map((right) => {
    const [entity, action] = right.split(".");
    return { entity, action, granted: true, own_only: false };
  });
  const call = { method: "PUT", json: { set_group: false, overrides } };
  const { status } = await scene.call("/api/permissions/users/2", call);
  if (status !== 200) throw new TypeError(`granting answered ${status}`);
}
