/**
 * Builds the image where there is no engine and no registry to pull from: `bun scripts/image/build.ts [FOLDER]`.
 * The Debian below it is made from packages in place of the official one; the Dockerfile is the operators' own.
 * It prints the size, and leaves `localhost/multitap:local` in buildah's storage in the folder.
 */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ImageError, type ImageStore, openImageStore, runProgram } from "./buildah.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
/** The release that the Dockerfile names. */
const DEBIAN = "trixie";
const BASE = `localhost/debian:${DEBIAN}`;
export const IMAGE = "localhost/multitap:local";
/** What the official slim image leaves out, so that sizes compare. */
const LEFT_OUT = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*"];
/** Where the build sees the machine's own certificate authorities, which a network may need. */
const AUTHORITIES = "/run/authorities.pem";

async function buildBase(store: ImageStore, folder: string): Promise<void> {
  const archive = join(folder, "base.tar");
  const leaveOut = LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`);
  await rm(archive, { force: true });
  await runProgram(["mmdebstrap", "--quiet", "--variant=apt", ...leaveOut, DEBIAN, archive]);
  const container = await store.buildah("from", "scratch");
  await store.buildah("add", container, archive, "/");
  await store.buildah("commit", "--quiet", container, BASE);
  await store.buildah("rm", container);
  await rm(archive);
}

/** What the network of this machine needs and the Dockerfile takes as arguments. */
function networkWords(): string[] {
  const { NPM_CONFIG_REGISTRY: registry, NODE_EXTRA_CA_CERTS: authorities } = process.env;
  const words = registry === undefined ? [] : ["--build-arg", `NPM_CONFIG_REGISTRY=${registry}`];
  if (authorities === undefined || !existsSync(authorities)) return words;
  const volume = `${authorities}:${AUTHORITIES}:ro`;
  return [...words, "--build-arg", `NODE_EXTRA_CA_CERTS=${AUTHORITIES}`, "--volume", volume];
}

/** Builds the Dockerfile on a Debian made here, unless the folder holds the image of an earlier run. */
export async function buildImage(folder: string): Promise<ImageStore> {
  await mkdir(folder, { recursive: true });
  const store = openImageStore(folder);
  if (!(await store.has(BASE))) await buildBase(store, folder);
  if (await store.has(IMAGE)) return store;
  // Docker's own format: the other has no place for the health check.
  const words = ["--format", "docker", "--pull-never", "--build-arg", `BASE=${BASE}`, ...networkWords()];
  await store.buildah("build", ...words, "--tag", IMAGE, checkout);
  return store;
}

/** An image whose files can be read. */
export interface UnpackedImage {
  /** Its root folder. */
  readonly root: string;
  readonly config: ImageConfig;
}

/** What an engine reads of an image. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Volumes?: Readonly<Record<string, object>> | null;
  readonly Healthcheck?: { readonly Test: readonly string[] } | null;
}

/** Unpacks an image of the store. */
export async function unpackImage(store: ImageStore, name: string): Promise<UnpackedImage> {
  const container = await store.buildah("from", "--pull-never", name);
  const root = await store.buildah("mount", container);
  const found = JSON.parse(await store.buildah("inspect", "--type", "image", name)) as {
    Docker?: { config?: ImageConfig };
  };
  const config = found.Docker?.config;
  if (config === undefined) throw new ImageError(`${name} says nothing about how to start it`);
  return { root, config };
}

/** Bytes of all files of a folder, as they lie on the disk. */
export async function measureFolder(folder: string): Promise<number> {
  const [size = ""] = (await runProgram(["du", "-s", "--block-size=1", folder])).split("\t");
  return Number(size);
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(checkout, "data", "image"));
  const { root } = await unpackImage(await buildImage(folder), IMAGE);
  console.log(`${IMAGE}: ${Math.round((await measureFolder(root)) / 2 ** 20)} MiB unpacked in ${root}`);
}
