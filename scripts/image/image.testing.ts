/** The image once for all tests of a run, and folders that containers use as volumes. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatTarget } from "@multitap/db";
import { createTestDatabase } from "@multitap/db/testing";
import { requireProgram } from "../testing/require-program.ts";
import { buildImage, IMAGE, type UnpackedImage, unpackImage } from "./build.ts";
import { type ImageStore, runProgram } from "./buildah.ts";
import type { ContainerMount } from "./container.testing.ts";

/** What building and running takes. */
const PROGRAMS = ["buildah", "mmdebstrap", "unshare", "nsenter", "setpriv"];
/** A folder with buildah's storage that is kept, so that a second run does not build again. */
const KEPT_STORE = process.env.MULTITAP_IMAGE_STORE;

/**
 * Whether the image is to be built and run: by root, where everything needed is installed, and only where somebody
 * asked for it, because it takes minutes. Prints the reason when not.
 */
export function canRunImages(): boolean {
  if (process.env.MULTITAP_CI !== "1" && process.env.MULTITAP_IMAGE !== "1") {
    console.warn("skipped: building an image takes minutes; MULTITAP_IMAGE=1 does it");
    return false;
  }
  if (process.geteuid?.() !== 0) {
    console.warn("skipped: building an image needs root");
    return false;
  }
  return PROGRAMS.every((name) => requireProgram(name) !== null);
}

export interface BuiltImage {
  readonly image: UnpackedImage;
  /** The image as the next release would be. */
  makeNext(version: string): Promise<UnpackedImage>;
  /** Removes what was built, unless it is to be kept. */
  remove(): Promise<void>;
}

export async function openBuiltImage(): Promise<BuiltImage> {
  const folder = KEPT_STORE ?? mkdtempSync(join(tmpdir(), "multitap-image-"));
  const store = await buildImage(folder);
  return {
    image: await unpackImage(store, IMAGE),
    makeNext: (version) => makeNext(store, version),
    async remove() {
      await store.buildah("rm", "--all");
      if (KEPT_STORE === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Another image of another version, made of the first. */
async function makeNext(store: ImageStore, version: string): Promise<UnpackedImage> {
  const name = `localhost/multitap:${version}`;
  const context = mkdtempSync(join(tmpdir(), "multitap-next-"));
  const { root } = await unpackImage(store, IMAGE);
  const manifest = await Bun.file(join(root, "opt/multitap/server/package.json")).json();
  writeFileSync(join(context, "package.json"), JSON.stringify({ ...manifest, version }));
  writeFileSync(
    join(context, "Dockerfile"),
    `FROM ${IMAGE}\nLABEL org.opencontainers.image.version="${version}"\nCOPY package.json server/\n`,
  );
  await store.buildah("build", "--format", "docker", "--pull-never", "--tag", name, context);
  rmSync(context, { recursive: true });
  return await unpackImage(store, name);
}

/** An external database as containers reach it. */
export interface SharedDatabase {
  readonly environment: Readonly<Record<string, string>>;
  readonly mounts: readonly ContainerMount[];
  drop(): Promise<void>;
}

/** Where containers see the socket of a database that has no port. */
const SOCKET_PLACE = "/mnt";

/** The tests' own, over its port where it has one. Its socket lets nobody in but its owner, root. */
export async function openSharedDatabase(): Promise<SharedDatabase> {
  const { target, drop } = await createTestDatabase();
  if ("url" in target) return { environment: { DATABASE_URL: target.url }, mounts: [], drop };
  const DATABASE_URL = formatTarget({ ...target, socketFolder: SOCKET_PLACE });
  const mounts = [{ source: target.socketFolder, target: SOCKET_PLACE }];
  return { environment: { DATABASE_URL, PUID: "0", PGID: "0" }, mounts, drop };
}

const folders = new Set<string>();

/** An empty folder to mount, owned by root as a new volume is. */
export function makeVolume(): string {
  const path = mkdtempSync(join(tmpdir(), "multitap-volume-"));
  folders.add(path);
  return path;
}

export function removeVolumes(): void {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
  folders.clear();
}

/** A library folder with so many games, root's own and readable by all. */
export function fillLibrary(folder: string, games: number): void {
  const platform = join(folder, "roms", "snes");
  mkdirSync(platform, { recursive: true });
  chmodSync(folder, 0o755);
  for (let index = 0; index < games; index += 1) {
    writeFileSync(join(platform, `Game ${index} (World).sfc`), `the bytes of game ${index}`);
  }
}

/** Ids of all owners below a folder. */
export function listOwners(folder: string): readonly number[] {
  const paths = readdirSync(folder, { recursive: true }).map((path) => join(folder, String(path)));
  return [...new Set([folder, ...paths].map((path) => statSync(path).uid))].sort((a, b) => a - b);
}

/** Gives a folder and what it holds to a user. */
export function give(folder: string, uid: number): void {
  const paths = readdirSync(folder, { recursive: true }).map((path) => join(folder, String(path)));
  for (const path of [folder, ...paths]) chownSync(path, uid, uid);
}

/** Runs a program of the image on a processor without AVX; null where no such processor can be played. */
export async function runOnOldProcessor(
  image: UnpackedImage,
  words: readonly string[],
): Promise<string | null> {
  if (process.arch !== "x64") return null;
  const qemu = requireProgram("qemu-x86_64");
  if (qemu === null) return null;
  const [program = "", ...rest] = words;
  // The first Intel line with SSE4.2, which is the floor that we promise.
  return await runProgram([qemu, "-cpu", "Nehalem", "-L", image.root, join(image.root, program), ...rest]);
}
